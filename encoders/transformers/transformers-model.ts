import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  AutoModel,
  AutoModelForSequenceClassification,
  AutoTokenizer,
  type PreTrainedModel,
  type PreTrainedTokenizer,
} from '@huggingface/transformers';
import { CemError, messageOf } from '../../base/index.ts';
import type { TransformersConfig } from '../teacher-config.ts';
import {
  findTransformersModel,
  type HubModel,
  type TransformersFiles,
  type TransformersFolders,
} from './transformers-folders.ts';

/** A model with its tokenizer, and what its files hash to. */
export interface LoadedModel extends ModelParts {
  readonly model: PreTrainedModel;
}

/** What every model of texts has. */
interface ModelParts {
  readonly tokenizer: PreTrainedTokenizer;
  /** First 16 hexadecimal digits of a sha-256 over the files that decide a vector. */
  readonly revision: string;
}

/** How transformers.js is asked for a part of a model. */
export interface PartOptions {
  readonly local_files_only: boolean;
  readonly cache_dir?: string;
  readonly revision: string;
  readonly dtype: TransformersConfig['dtype'];
}

/** What a model is loaded as: which parts of it, and what errors call it. */
export interface Role<Parts> {
  readonly noun: string;
  /** Before `_NOT_FOUND` and `_UNAVAILABLE`. */
  readonly code: string;
  /** Setting that forbids the download. */
  readonly remote: string;
  /** Names of its ONNX files without the ends that say the type of weights. */
  readonly graphs: readonly string[];
  /** Files beside those of every model that decide a vector. */
  readonly settings?: readonly string[];
  load(source: string, options: PartOptions): Promise<Parts>;
}

type LoadModel = Pick<typeof AutoModel, 'from_pretrained'>;

const ofModel = (model: LoadModel) => async (source: string, options: PartOptions) => ({
  model: await model.from_pretrained(source, options),
});
const GRAPHS = ['model'];
const TEACHER: Role<Pick<LoadedModel, 'model'>> = {
  noun: 'teacher',
  code: 'TEACHER',
  remote: 'teacher.remote',
  graphs: GRAPHS,
  load: ofModel(AutoModel),
};
const RERANKER: Role<Pick<LoadedModel, 'model'>> = {
  noun: 'reranker',
  code: 'RERANKER',
  remote: 'remote',
  graphs: GRAPHS,
  load: ofModel(AutoModelForSequenceClassification),
};

/** Ends of the ONNX files' names by weight type, as transformers.js looks for them. */
const FILE_SUFFIX: Readonly<Record<TransformersConfig['dtype'], string>> = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
  int8: '_int8',
  uint8: '_uint8',
  q4: '_q4',
  q4f16: '_q4f16',
  bnb4: '_bnb4',
};

/**
 * Loads a model from a local folder, else from an earlier download, else from the hub into the cache folder, where the config and the environment
 * (CEM_OFFLINE) allow that. A download is never refreshed: delete its folder to follow a branch that has moved.
 *
 * Throws CemError `TEACHER_NOT_FOUND` when it is not at hand and may not be fetched, `TEACHER_UNAVAILABLE` when loading or fetching fails.
 */
export function loadTransformersModel(config: TransformersFiles, models?: string): Promise<LoadedModel> {
  return loadAs(TEACHER, config, models);
}

/** The same for a model with a head that classifies pairs of texts, whose errors are `RERANKER_NOT_FOUND` and `RERANKER_UNAVAILABLE`. */
export function loadPairClassifier(config: TransformersFiles, models?: string): Promise<LoadedModel> {
  return loadAs(RERANKER, config, models);
}

/** The same for any role. Throws CemError `<code>_NOT_FOUND`, `<code>_UNAVAILABLE`. */
export async function loadAs<Parts>(
  role: Role<Parts>,
  config: TransformersFiles,
  models: string | undefined,
): Promise<Parts & ModelParts> {
  const found = findTransformersModel(config, models);
  const { local } = found;
  const download = local === undefined ? allowedDownload(role, config, found) : undefined;
  try {
    const source = download?.name ?? local!;
    const options = {
      local_files_only: download === undefined,
      ...(download && { cache_dir: download.cache }),
      revision: config.revision,
    };
    // The model first: for an absent one its error names the file, where the tokenizer's is a TypeError.
    const parts = await role.load(source, { ...options, dtype: config.dtype });
    const tokenizer = await AutoTokenizer.from_pretrained(source, options);
    const revision = await hashModelFiles(role, download?.folder ?? local!, config.dtype);
    if (download) await writeFile(download.mark, '');
    return { ...parts, tokenizer, revision };
  } catch (cause) {
    const reason = messageOf(cause).replace(/[^.!?]$/, '$&.');
    const advice = download
      ? `It is not on this machine (${placesOf(found)}), so the hub was asked for ${download.name} (revision ${config.revision}). Check the name and the network, or put the model into a folder and name that with --models or CEM_MODELS.`
      : `The folder ${local} needs config.json, tokenizer.json, tokenizer_config.json and ${role.graphs.map((graph) => `onnx/${graph}${FILE_SUFFIX[config.dtype]}.onnx`).join(' and ')}.`;
    throw new CemError(`${role.code}_UNAVAILABLE`, `The ${role.noun} ${config.model} cannot be loaded: ${reason} ${advice}`, {
      details: { model: config.model, local, hub: download?.name },
      cause,
    });
  }
}

/** @throws CemError `…_NOT_FOUND` when the model that is not at hand may not be fetched, or the hub cannot have it */
function allowedDownload(role: Role<unknown>, { model, remote }: TransformersFiles, found: TransformersFolders): HubModel {
  const { hub, searched } = found;
  const offline = (process.env['CEM_OFFLINE'] ?? '0') !== '0';
  if (hub !== undefined && remote && !offline) return hub;
  const notAsked =
    hub === undefined
      ? 'and it is a path, which the hub cannot have'
      : `and the hub was not asked for ${hub.name}, since ${offline ? 'CEM_OFFLINE is set' : `${role.remote} is false`}`;
  throw new CemError(
    `${role.code}_NOT_FOUND`,
    `The ${role.noun} ${model} is not on this machine (${placesOf(found)}), ${notAsked}. Name the folder that it lies in with --models or CEM_MODELS${hub === undefined ? '' : ', or allow the download'}.`,
    { details: { model, searched, hub: hub?.name } },
  );
}

function placesOf({ searched }: TransformersFolders): string {
  return `looked for in ${searched.join(', ')}`;
}

async function hashModelFiles(role: Role<unknown>, folder: string, dtype: TransformersConfig['dtype']): Promise<string> {
  const hash = createHash('sha256');
  const weights = role.graphs.map((graph) => `${graph}${FILE_SUFFIX[dtype]}.onnx`);
  // Large models keep their weights beside the graph in `<graph>_data`, `<graph>_data_1`, …
  const graphs = (await readdir(join(folder, 'onnx'))).filter((name) =>
    weights.some((graph) => name === graph || name.startsWith(`${graph}_data`)),
  );
  const files = [
    'config.json',
    'tokenizer.json',
    'tokenizer_config.json',
    ...(role.settings ?? []),
    ...graphs.sort().map((name) => join('onnx', name)),
  ];
  for (const name of files) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    const content = createHash('sha256');
    await pipeline(createReadStream(path), content);
    hash.update(`${name.replaceAll('\\', '/')}\0`).update(content.digest());
  }
  return hash.digest('hex').slice(0, 16);
}
