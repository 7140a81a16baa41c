import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { FormatError } from '../../base/index.ts';
import { tf } from '../../model/index.ts';
import { joinWeights } from './join-weights.ts';

const MODEL_FILE = 'model.json';
/** Size of one weight file: what tfjs's own converter writes, small enough for a browser to fetch several at once and to cache. */
const SHARD_BYTES = 4 * 2 ** 20;
const FLOAT32_BYTES = 4;

const modelJson = z.looseObject({
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: z.array(
    z.looseObject({
      paths: z.array(z.string()),
      weights: z.array(
        z.looseObject({ name: z.string(), shape: z.array(z.number().int().nonnegative()), dtype: z.literal('float32') }),
      ),
    }),
  ),
});

/**
 * Writes a graph in the form that `tf.loadLayersModel` reads: `model.json` and shards of weights beside it, each synced.
 *
 * @returns names of the files
 */
export async function writeLayersModel(graph: tf.LayersModel, folder: string): Promise<string[]> {
  const files: string[] = [];
  const write = async (name: string, bytes: Uint8Array) => {
    await writeFile(join(folder, name), bytes, { flush: true });
    files.push(name);
  };
  const save = async (artifacts: tf.io.ModelArtifacts): Promise<tf.io.SaveResult> => {
    const weights = new tf.io.CompositeArrayBuffer(artifacts.weightData);
    const shards = Math.max(1, Math.ceil(weights.byteLength / SHARD_BYTES));
    const paths = Array.from({ length: shards }, (_, index) => `group1-shard${index + 1}of${shards}.bin`);
    const { modelTopology, format, generatedBy, weightSpecs } = artifacts;
    const json = { modelTopology, format, generatedBy, convertedBy: null, weightsManifest: [{ paths, weights: weightSpecs }] };
    await write(MODEL_FILE, Buffer.from(`${JSON.stringify(json)}\n`));
    for (const [index, path] of paths.entries())
      await write(path, new Uint8Array(weights.slice(index * SHARD_BYTES, (index + 1) * SHARD_BYTES)));
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
  };
  await graph.save(tf.io.withSaveHandler(save));
  return files;
}

/**
 * Reads an exported graph from a folder in Node, where tfjs alone knows no files: `tf.loadLayersModel(layersModelFiles(folder))`. With tfjs-node,
 * `tf.loadLayersModel('file://…/model.json')` does the same; a browser gives the address of `model.json`. Either way `model/layers/register-layers.ts`
 * must be imported first.
 *
 * Loading throws FormatError `LAYERS_MODEL_MALFORMED` when the files are not whole.
 */
export function layersModelFiles(folder: string): tf.io.IOHandler {
  return {
    load: async () => {
      const json = await readModelJson(join(folder, MODEL_FILE));
      return tf.io.getModelArtifactsForJSON(json, async (manifest) => {
        const specs = manifest.flatMap(({ weights }) => weights);
        const buffers: ArrayBuffer[] = [];
        for (const path of manifest.flatMap(({ paths }) => paths)) buffers.push(await readShard(folder, path));
        const expected = specs.reduce((sum, { shape }) => sum + FLOAT32_BYTES * tf.util.sizeFromShape(shape), 0);
        const got = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
        if (got !== expected)
          throw malformedLayersModel(folder, `its weight files hold ${got} bytes, ${MODEL_FILE} says ${expected}`);
        return joinWeights(specs, buffers);
      });
    },
  };
}

async function readModelJson(path: string): Promise<tf.io.ModelJSON> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw malformedLayersModel(path, 'it cannot be read as JSON', cause);
  }
  const parsed = modelJson.safeParse(json);
  if (!parsed.success) throw malformedLayersModel(path, z.prettifyError(parsed.error).replaceAll('\n', ' '), parsed.error);
  return json as tf.io.ModelJSON;
}

async function readShard(folder: string, path: string): Promise<ArrayBuffer> {
  if (basename(path) !== path)
    throw malformedLayersModel(folder, `${MODEL_FILE} names ${JSON.stringify(path)}, which is not a file beside it`);
  try {
    return Uint8Array.from(await readFile(join(folder, path))).buffer;
  } catch (cause) {
    throw malformedLayersModel(folder, `${path} cannot be read`, cause);
  }
}

function malformedLayersModel(path: string, what: string, cause?: unknown): FormatError {
  return new FormatError('LAYERS_MODEL_MALFORMED', `${path}: ${what}; export the checkpoint again`, { details: { path }, cause });
}
