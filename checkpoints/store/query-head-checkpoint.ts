import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { CemError, FormatError, readJsonFile } from '../../base/index.ts';
import { type EncoderDescription, type HeadProjection, type PatchDescription, patchDescription } from '../../encoders/index.ts';
import { headProjection, QueryHeadModel, queryHeadModelConfigSchema } from '../../model/query-head/index.ts';
import { listCheckpoints, MODEL_FILE, OPTIMIZER_FILE, type OptimizerArrays, STATE_FILE } from './checkpoint.ts';
import { resolveBestCheckpoint, writeCheckpointFolder } from './checkpoint-folder.ts';
import { graphArrays, restoreGraph } from './graph-weights.ts';
import { type NamedArray, readSafetensors, writeSafetensors } from './safetensors.ts';

const FORMAT_VERSION = 1;

const stateSchema = z.strictObject({
  kind: z.literal('query-head'),
  formatVersion: z.literal(FORMAT_VERSION),
  /** Optimiser steps that are done; batches are a function of seed and step. */
  step: z.number().int().nonnegative(),
  seed: z.number().int(),
  model: queryHeadModelConfigSchema,
  /** Whose token vectors it projects, those of queries at least. */
  encoder: z.strictObject({
    id: z.string(),
    revision: z.string(),
    dimension: z.number().int().positive(),
    settings: z.record(z.string(), z.unknown()),
    /** Length of a token's vector. */
    tokenDimension: z.number().int().positive(),
  }),
  /** Whose patches its keys are; absent: tokens of the encoder's. */
  patches: patchDescription.optional(),
  /** The run's resolved configuration, for reading. */
  config: z.unknown(),
  /** Identity of the head: SHA-256 over its shape, its encoder and the weights' file. */
  contentHash: z.string(),
});

/** `state.json` of a head's checkpoint. */
export type QueryHeadCheckpointState = z.infer<typeof stateSchema>;

/** A head to be trained on, and what its checkpoint says of it. */
export interface LoadedQueryHead {
  readonly model: QueryHeadModel;
  readonly state: QueryHeadCheckpointState;
  readonly path: string;
}

/** A head that is ready to project, and whose vectors it takes. */
export interface LoadedProjection {
  readonly projection: HeadProjection;
  readonly state: QueryHeadCheckpointState;
  /** Folder of the checkpoint itself. */
  readonly folder: string;
}

/** What of a checkpoint's folder a projection is opened from. */
export const PROJECTION_FILES = [STATE_FILE, MODEL_FILE] as const;

/**
 * Writes a head's checkpoint as a whole: `model.safetensors`, `optimizer.safetensors`, `state.json`.
 *
 * @param folder `…/checkpoints/<step>`; what stood there before is replaced
 * @returns the content hash
 */
export async function saveQueryHeadCheckpoint(
  folder: string,
  model: QueryHeadModel,
  { encoder, patches }: { readonly encoder: EncoderDescription; readonly patches?: PatchDescription | undefined },
  state: Pick<QueryHeadCheckpointState, 'step' | 'seed' | 'config'>,
  optimizer: OptimizerArrays,
): Promise<string> {
  return writeCheckpointFolder(folder, async (temporary) => {
    await writeSafetensors(join(temporary, MODEL_FILE), await graphArrays(model.graph), { format: 'cem' });
    await writeSafetensors(join(temporary, OPTIMIZER_FILE), optimizer, { format: 'cem' });
    const { id, revision, dimension, settings } = encoder;
    const described = { id, revision, dimension, settings: { ...settings }, tokenDimension: model.inputDimension };
    const hash = await contentHash(temporary, model.config, described, ...(patches ? [patches] : []));
    const complete: QueryHeadCheckpointState = {
      kind: 'query-head',
      formatVersion: FORMAT_VERSION,
      model: model.config,
      encoder: described,
      ...(patches && { patches }),
      ...state,
      contentHash: hash,
    };
    await writeFile(join(temporary, STATE_FILE), `${JSON.stringify(complete, null, 2)}\n`, { flush: true });
    return hash;
  });
}

/**
 * Loads a head to go on training it. A backend must have been chosen.
 *
 * @param path a checkpoint's folder, a run's, which means its newest checkpoint, or `RUN/checkpoints/best`
 * @throws CemError `CHECKPOINT_MISSING`; FormatError `CHECKPOINT_MALFORMED`, `CHECKPOINT_SHAPE`, `CHECKPOINT_HASH`
 */
export async function loadQueryHead(path: string): Promise<LoadedQueryHead> {
  const { folder, state, arrays } = await readCheckpoint(path);
  const { query, key } = inputDimensions(state);
  const model = new QueryHeadModel(state.model, query, key);
  try {
    restoreGraph(model.graph, arrays, join(folder, MODEL_FILE));
  } catch (error) {
    model.dispose();
    throw error;
  }
  return { model, state, path: folder };
}

/**
 * Opens a head for projecting. It needs no backend. Errors and `path` as `loadQueryHead` has them.
 */
export async function openProjection(path: string): Promise<LoadedProjection> {
  const { folder, state, arrays } = await readCheckpoint(path);
  const { model, contentHash: hash } = state;
  const values = new Map(Array.from(arrays, ([name, { data }]) => [name, Float32Array.from(data)]));
  const id = `cem-query-head:${runName(state.config) ?? basename(dirname(dirname(folder)))}`;
  return { projection: headProjection(id, hash.slice(0, 16), model, inputDimensions(state), values), state, folder };
}

/** The name of the run that a configuration is of: it stays when the folder is moved. */
function runName(config: unknown): string | undefined {
  const { name } = (config ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' ? name : undefined;
}

/** Length of the vectors that either role takes. */
function inputDimensions({ encoder, patches }: QueryHeadCheckpointState): { readonly query: number; readonly key: number } {
  return { query: encoder.tokenDimension, key: patches?.dimension ?? encoder.tokenDimension };
}

/** Optimiser state of a head's checkpoint. */
export function loadQueryHeadOptimizer(folder: string): Promise<OptimizerArrays> {
  return readSafetensors(join(folder, OPTIMIZER_FILE));
}

async function readCheckpoint(
  path: string,
): Promise<{ folder: string; state: QueryHeadCheckpointState; arrays: ReadonlyMap<string, NamedArray> }> {
  const newest = (await listCheckpoints(path)).at(-1);
  const folder = newest === undefined ? ((await resolveBestCheckpoint(path)) ?? path) : join(path, 'checkpoints', String(newest));
  const state = await readState(folder);
  const hash = await contentHash(folder, state.model, state.encoder, ...(state.patches ? [state.patches] : []));
  if (hash !== state.contentHash) {
    throw new FormatError(
      'CHECKPOINT_HASH',
      `${folder}: the hash of the weights is ${hash.slice(0, 12)}…, ${STATE_FILE} says ${state.contentHash.slice(0, 12)}…; the checkpoint is damaged, use another one`,
      { details: { folder } },
    );
  }
  return { folder, state, arrays: await readSafetensors(join(folder, MODEL_FILE)) };
}

async function readState(folder: string): Promise<QueryHeadCheckpointState> {
  const state = await readJsonFile(join(folder, STATE_FILE), stateSchema, {
    code: 'CHECKPOINT_MALFORMED',
    what: "a head's state",
    remedy: 'it belongs to another kind of model, was made by another version or is damaged: use another checkpoint',
  });
  if (state !== undefined) return state;
  throw new CemError(
    'CHECKPOINT_MISSING',
    `${folder} is no checkpoint of a head: it has no ${STATE_FILE}; train one with cem train --config configs/query-head-tiny.yaml`,
    { details: { folder } },
  );
}

async function contentHash(folder: string, ...parts: readonly unknown[]): Promise<string> {
  const weights = await readFile(join(folder, MODEL_FILE)).catch((cause: unknown) => {
    throw new CemError('CHECKPOINT_MISSING', `${folder} is no whole checkpoint: it has no ${MODEL_FILE}`, {
      details: { folder },
      cause,
    });
  });
  return createHash('sha256').update(JSON.stringify(parts)).update(weights).digest('hex');
}
