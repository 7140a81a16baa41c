import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CemError, copySynced, FormatError, readJsonFile, removeFolderAtomically, syncFolder } from '../../base/index.ts';
import { teacherConfig, teacherProbeSchema } from '../../encoders/index.ts';
import { buildGraph, CemModel, type ModelConfig, modelConfigSchema } from '../../model/index.ts';
import { readBestCheckpoint, resolveBestCheckpoint, writeCheckpointFolder } from './checkpoint-folder.ts';
import { DENSE_PRECISIONS, storeDense, storeTables, TABLE_PRECISIONS } from './compact-weights.ts';
import { fetchedGraphArrays, graphArrays, restoreGraph } from './graph-weights.ts';
import { loadTables, tablesForEncoding } from './load-tables.ts';
import { type NamedArray, readSafetensors, writeSafetensors } from './safetensors.ts';

/** Version of the folder's layout and of the order of the weights in it. */
const CHECKPOINT_FORMAT_VERSION = 1;

const stateSchema = z.strictObject({
  formatVersion: z.literal(CHECKPOINT_FORMAT_VERSION),
  /** Optimiser steps that are done. Batches are a function of seed and step, so this is the place in the data as well. */
  step: z.number().int().nonnegative(),
  seed: z.number().int(),
  model: modelConfigSchema,
  dimension: z.number().int().positive(),
  /** How the training corpus was packed: an evaluation packs its documents alike. */
  pack: z.strictObject({
    level: z.number().int(),
    targetChunkSize: z.number().int().positive(),
    dictionarySize: z.number().int().nonnegative(),
    /** Absent: each chunk was its own one passage. */
    passageSize: z.number().int().positive().optional(),
    passageOverlap: z.number().int().nonnegative().optional(),
  }),
  teacher: z.strictObject({
    config: teacherConfig,
    id: z.string(),
    revision: z.string(),
    settings: z.record(z.string(), z.unknown()),
    /** What the teacher computes, by which another conversion of its weights is recognised. Absent: it is known by id and revision alone. */
    probe: teacherProbeSchema.optional(),
  }),
  /** The run's resolved configuration, for reading; `model`, `pack` and `teacher` above are what programs use. */
  config: z.unknown(),
  /**
   * What the weights are stored as where they are not all float32: `dense` those of the graph, `tables` the hash tables (`compact-weights.ts` says how), and the
   * content hash of the checkpoint that they were rounded from. Readers learn the types from the files; this is for people and model cards.
   */
  storage: z
    .strictObject({ dense: z.enum(DENSE_PRECISIONS), tables: z.enum(TABLE_PRECISIONS), roundedFrom: z.string() })
    .optional(),
  /** The query student in the folder `query`, a checkpoint again: its content hash, which is part of the one below. Absent: there is none. */
  query: z.strictObject({ contentHash: z.string() }).optional(),
  /** Content hash of the language model that said where patches begin. Absent without entropy patching, and in checkpoints from before it was recorded. */
  entropyModel: z.string().optional(),
  /** Identity of the weights: SHA-256 over both weight files, the shape of the model, and the query student's hash where there is one. */
  contentHash: z.string(),
});

/** `state.json` of a checkpoint. */
export type CheckpointState = z.infer<typeof stateSchema>;

/** Optimiser state, as arrays by name; what they mean is the optimiser's. */
export type OptimizerArrays = ReadonlyMap<string, NamedArray>;

export const MODEL_FILE = 'model.safetensors';
export const TABLES_FILE = 'tables.safetensors';
export const OPTIMIZER_FILE = 'optimizer.safetensors';
export const STATE_FILE = 'state.json';
/** Folder of the query student in a checkpoint. */
export const QUERY_FOLDER = 'query';

/** Names of the tables in `tables.safetensors`: `bytes`, then `ngram-3`, …; those of a second hash function `ngram-3/1`, … */
export function tableNames(config: ModelConfig): string[] {
  const { sizes, hashFunctions = 1 } = config.tables;
  const ngrams = Array.from({ length: hashFunctions }, (_, index) =>
    sizes.map((size) => (index === 0 ? `ngram-${size}` : `ngram-${size}/${index}`)),
  );
  return ['bytes', ...ngrams.flat()];
}

async function contentHash(
  folder: string,
  { model, dimension, query }: Pick<CheckpointState, 'model' | 'dimension' | 'query'>,
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify({ model, dimension, ...(query && { query: query.contentHash }) }));
  for (const file of [MODEL_FILE, TABLES_FILE]) {
    for await (const piece of createReadStream(join(folder, file), { highWaterMark: 2 ** 20 })) hash.update(piece as Buffer);
  }
  return hash.digest('hex');
}

/**
 * Writes a checkpoint as a whole.
 *
 * @param folder `…/checkpoints/<step>`; what stood there before is replaced
 * @param optimizer absent for checkpoints that are only encoded with
 * @param query checkpoint of the query student that goes with it, which is copied into it; absent: none
 * @returns the content hash
 */
export async function saveCheckpoint(
  folder: string,
  model: CemModel,
  state: Omit<CheckpointState, 'contentHash' | 'formatVersion'>,
  optimizer?: OptimizerArrays,
  query?: string,
): Promise<string> {
  return writeCheckpointFolder(folder, async (temporary) => {
    if (optimizer) await writeSafetensors(join(temporary, OPTIMIZER_FILE), optimizer, { format: 'cem' });
    if (query === undefined) return (await writeWeights(temporary, model, state)).contentHash;
    const { contentHash } = await copyWeights(query, join(temporary, QUERY_FOLDER));
    return (await writeWeights(temporary, model, { ...state, query: { contentHash } })).contentHash;
  });
}

/**
 * Copies what a checkpoint is without optimiser state and query student, each file synced.
 *
 * @param to is made
 * @returns the checkpoint's state
 * @throws as `readCheckpointState`
 */
export async function copyWeights(from: string, to: string): Promise<CheckpointState> {
  const state = await readCheckpointState(from);
  await mkdir(to, { recursive: true });
  for (const file of [MODEL_FILE, TABLES_FILE, STATE_FILE]) await copySynced(join(from, file), join(to, file));
  await syncFolder(to);
  return state;
}

/**
 * Writes what a checkpoint is without optimiser state, `model.safetensors`, `tables.safetensors` and `state.json`, into a folder that is there, each file synced.
 *
 * @param state `storage` says what the weights are rounded to; without it they are float32
 * @returns the whole of `state.json`
 * @throws CemError `EXPORT_PRECISION` when a weight is too large for float16
 */
export async function writeWeights(
  folder: string,
  model: CemModel,
  state: Omit<CheckpointState, 'contentHash' | 'formatVersion'>,
): Promise<CheckpointState> {
  const { dense, tables } = state.storage ?? { dense: 'fp32', tables: 'fp32' };
  const metadata = { format: 'cem' };
  const weights = dense === 'fp32' ? fetchedGraphArrays(model.graph) : storeDense(await graphArrays(model.graph), dense);
  await writeSafetensors(join(folder, MODEL_FILE), weights, metadata);
  await writeSafetensors(join(folder, TABLES_FILE), storeTables(tableArrays(model), tables), metadata);
  const hash = await contentHash(folder, { ...state, model: model.config, dimension: model.dimension });
  const complete: CheckpointState = { formatVersion: CHECKPOINT_FORMAT_VERSION, ...state, contentHash: hash };
  await writeFile(join(folder, STATE_FILE), `${JSON.stringify(complete, null, 2)}\n`, { flush: true });
  return complete;
}

/** A model's tables by their names, [rows, dimension] each. */
export function tableArrays({ config, tables }: CemModel): Map<string, NamedArray> {
  return new Map(
    tableNames(config).map((name, index) => {
      const data = tables.tables[index]!;
      return [name, { shape: [data.length / tables.dimension, tables.dimension], data }];
    }),
  );
}

/**
 * `state.json` of a checkpoint folder.
 *
 * @throws CemError `CHECKPOINT_MISSING` when there is none, FormatError `CHECKPOINT_MALFORMED` when it cannot be understood
 */
export async function readCheckpointState(folder: string): Promise<CheckpointState> {
  const path = join(folder, STATE_FILE);
  const state = await readJsonFile(path, stateSchema, {
    code: 'CHECKPOINT_MALFORMED',
    what: "a checkpoint's state",
    remedy: 'it was made by another version or is damaged: use another checkpoint',
  });
  if (state !== undefined) return state;
  throw new CemError(
    'CHECKPOINT_MISSING',
    `${folder} is no checkpoint: it has no ${STATE_FILE}; name a folder such as runs/NAME/checkpoints/STEP`,
    { details: { folder } },
  );
}

/**
 * Loads a checkpoint's model and checks that the files are whole and of the shape that its state says.
 *
 * @param use a model for encoding may leave large tables in their file, which must then stay where it is
 * @throws FormatError `CHECKPOINT_SHAPE` or `CHECKPOINT_HASH`
 */
export async function loadCheckpoint(
  folder: string,
  use: 'encoding' | 'training' = 'training',
): Promise<{ model: CemModel; state: CheckpointState }> {
  const state = await readCheckpointState(folder);
  const weights = await readSafetensors(join(folder, MODEL_FILE));
  const { model: config, dimension } = state;
  const file = {
    path: join(folder, TABLES_FILE),
    names: tableNames(config),
    dimension: config.local.dimension,
    rows: config.tables.rows,
  };
  const tables = await (use === 'encoding' ? tablesForEncoding(file) : loadTables(file));
  const graph = buildGraph(config, dimension);
  try {
    restoreGraph(graph, weights, join(folder, MODEL_FILE));
    const hash = await contentHash(folder, state);
    if (hash !== state.contentHash) {
      throw new FormatError(
        'CHECKPOINT_HASH',
        `${folder}: the weights' hash is ${hash.slice(0, 12)}…, ${STATE_FILE} says ${state.contentHash.slice(0, 12)}…; the checkpoint is damaged, use another one`,
        { details: { folder } },
      );
    }
  } catch (error) {
    graph.dispose();
    tables.dispose();
    throw error;
  }
  return { model: new CemModel(config, dimension, graph, tables), state };
}

/** Optimiser state of a checkpoint. */
export function loadOptimizer(folder: string): Promise<OptimizerArrays> {
  return readSafetensors(join(folder, OPTIMIZER_FILE));
}

/** Steps of a run's complete checkpoints, ascending. */
export async function listCheckpoints(runFolder: string): Promise<number[]> {
  let entries: string[];
  try {
    entries = await readdir(join(runFolder, 'checkpoints'));
  } catch {
    return [];
  }
  return entries
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/**
 * Removes all but the newest `keep` checkpoints of a run and its best one, and what a killed save left.
 *
 * @param every checkpoints whose step is a multiple of it stay as well
 */
export async function pruneCheckpoints(runFolder: string, keep: number, every = Number.POSITIVE_INFINITY): Promise<void> {
  const folder = join(runFolder, 'checkpoints');
  const steps = await listCheckpoints(runFolder);
  const best = await readBestCheckpoint(runFolder);
  const old = steps.slice(0, -keep).filter((step) => step % every !== 0 && step !== best?.step);
  for (const step of old) await removeFolderAtomically(join(folder, String(step)));
  for (const name of await readdir(folder))
    if (/^\..*\.tmp$/.test(name)) await rm(join(folder, name), { recursive: true, force: true });
}

/**
 * A checkpoint's folder from what a user names: the checkpoint itself, a run's folder, which means its newest checkpoint, or `RUN/checkpoints/best`.
 *
 * @throws CemError `CHECKPOINT_MISSING`
 */
export async function findCheckpoint(path: string): Promise<string> {
  const steps = await listCheckpoints(path);
  if (steps.length > 0) return join(path, 'checkpoints', String(steps.at(-1)));
  const best = await resolveBestCheckpoint(path);
  await readCheckpointState(best ?? path);
  return best ?? path;
}
