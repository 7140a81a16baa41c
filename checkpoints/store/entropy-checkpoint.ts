import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CemError, FormatError, readJsonFile } from '../../base/index.ts';
import { buildEntropyGraph, EntropyModel, entropyModelConfigSchema } from '../../model/entropy/index.ts';
import { listCheckpoints, MODEL_FILE, OPTIMIZER_FILE, type OptimizerArrays, STATE_FILE } from './checkpoint.ts';
import { writeCheckpointFolder } from './checkpoint-folder.ts';
import { graphArrays, restoreGraph } from './graph-weights.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

const FORMAT_VERSION = 1;

const stateSchema = z.strictObject({
  kind: z.literal('entropy-model'),
  formatVersion: z.literal(FORMAT_VERSION),
  /** Optimiser steps that are done; batches are a function of seed and step. */
  step: z.number().int().nonnegative(),
  seed: z.number().int(),
  model: entropyModelConfigSchema,
  /** The threshold for the wanted mean length of patches; null when none was asked for or can be had, or before the last step. */
  threshold: z.strictObject({ threshold: z.number(), meanLength: z.number() }).nullable(),
  /** The run's resolved configuration, for reading. */
  config: z.unknown(),
  /** Identity of the weights: SHA-256 over the shape of the model and the weights' file. */
  contentHash: z.string(),
});

/** `state.json` of an entropy model's checkpoint. */
export type EntropyCheckpointState = z.infer<typeof stateSchema>;

/** An entropy model and what its checkpoint says of it. */
export interface LoadedEntropyModel {
  readonly model: EntropyModel;
  readonly state: EntropyCheckpointState;
  /** Folder of the checkpoint. */
  readonly path: string;
}

/**
 * Writes an entropy model's checkpoint as a whole: `model.safetensors`, `optimizer.safetensors`, `state.json`.
 *
 * @param folder `…/checkpoints/<step>`; what stood there before is replaced
 * @returns the content hash
 */
export async function saveEntropyCheckpoint(
  folder: string,
  model: EntropyModel,
  state: Pick<EntropyCheckpointState, 'step' | 'seed' | 'threshold' | 'config'>,
  optimizer: OptimizerArrays,
): Promise<string> {
  return writeCheckpointFolder(folder, async (temporary) => {
    await writeSafetensors(join(temporary, MODEL_FILE), await graphArrays(model.graph), { format: 'cem' });
    await writeSafetensors(join(temporary, OPTIMIZER_FILE), optimizer, { format: 'cem' });
    const hash = await contentHash(temporary, model.config);
    const complete: EntropyCheckpointState = {
      kind: 'entropy-model',
      formatVersion: FORMAT_VERSION,
      model: model.config,
      ...state,
      contentHash: hash,
    };
    await writeFile(join(temporary, STATE_FILE), `${JSON.stringify(complete, null, 2)}\n`, { flush: true });
    return hash;
  });
}

/**
 * Loads an entropy model.
 *
 * @param path a checkpoint's folder, or a run's, which means its newest checkpoint
 * @throws CemError `CHECKPOINT_MISSING`; FormatError `CHECKPOINT_MALFORMED`, `CHECKPOINT_SHAPE`, `CHECKPOINT_HASH`
 */
export async function loadEntropyModel(path: string): Promise<LoadedEntropyModel> {
  const newest = (await listCheckpoints(path)).at(-1);
  const folder = newest === undefined ? path : join(path, 'checkpoints', String(newest));
  const state = await readState(folder);
  const arrays = await readSafetensors(join(folder, MODEL_FILE));
  const hash = await contentHash(folder, state.model);
  if (hash !== state.contentHash) {
    throw new FormatError(
      'CHECKPOINT_HASH',
      `${folder}: the weights' hash is ${hash.slice(0, 12)}…, ${STATE_FILE} says ${state.contentHash.slice(0, 12)}…; the checkpoint is damaged, use another one`,
      { details: { folder } },
    );
  }
  const graph = buildEntropyGraph(state.model);
  try {
    restoreGraph(graph, arrays, join(folder, MODEL_FILE));
  } catch (error) {
    graph.dispose();
    throw error;
  }
  return { model: new EntropyModel(state.model, graph), state, path: folder };
}

/** Optimiser state of an entropy model's checkpoint. */
export function loadEntropyOptimizer(folder: string): Promise<OptimizerArrays> {
  return readSafetensors(join(folder, OPTIMIZER_FILE));
}

async function readState(folder: string): Promise<EntropyCheckpointState> {
  const path = join(folder, STATE_FILE);
  const state = await readJsonFile(path, stateSchema, {
    code: 'CHECKPOINT_MALFORMED',
    what: "an entropy model's state",
    remedy: 'it belongs to another kind of model, was made by another version or is damaged: use another checkpoint',
  });
  if (state !== undefined) return state;
  throw new CemError(
    'CHECKPOINT_MISSING',
    `${folder} is no checkpoint of an entropy model: it has no ${STATE_FILE}; train one with cem train --config configs/entropy-tiny.yaml`,
    { details: { folder } },
  );
}

async function contentHash(folder: string, model: unknown): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(model));
  return hash.update(await readFile(join(folder, MODEL_FILE))).digest('hex');
}
