import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CemError, FormatError, readJsonFile } from '../../base/index.ts';
import { transformersConfig } from '../../encoders/index.ts';
import { buildImageTowerGraph, ImageTowerModel, imageTowerShapeSchema } from '../../model/image-tower/index.ts';
import { listCheckpoints, MODEL_FILE, OPTIMIZER_FILE, type OptimizerArrays, STATE_FILE } from './checkpoint.ts';
import { resolveBestCheckpoint, writeCheckpointFolder } from './checkpoint-folder.ts';
import { graphArrays, restoreGraph } from './graph-weights.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

const FORMAT_VERSION = 1;

const stateSchema = z.strictObject({
  kind: z.literal('image-tower'),
  formatVersion: z.literal(FORMAT_VERSION),
  /** Optimiser steps that are done; batches are a function of seed and step. */
  step: z.number().int().nonnegative(),
  seed: z.number().int(),
  shape: imageTowerShapeSchema,
  dimension: z.number().int().positive(),
  /** Whose vectors of captions it was trained to: how it is opened, and which it was. */
  teacher: z.strictObject({ config: transformersConfig, id: z.string(), revision: z.string() }),
  /** The run's resolved configuration, for reading. */
  config: z.unknown(),
  /** Identity of the model: SHA-256 over its shape, its teacher's identity and the weights' file. */
  contentHash: z.string(),
});

/** `state.json` of an image tower's checkpoint. */
export type ImageTowerState = z.infer<typeof stateSchema>;

/** An image tower and what its checkpoint says of it. */
export interface LoadedImageTower {
  readonly model: ImageTowerModel;
  readonly state: ImageTowerState;
  /** Folder of the checkpoint. */
  readonly path: string;
}

/**
 * Writes an image tower's checkpoint as a whole: `model.safetensors`, `optimizer.safetensors`, `state.json`.
 *
 * @param folder `…/checkpoints/<step>`; what stood there before is replaced
 * @returns the content hash
 */
export async function saveImageTower(
  folder: string,
  { graph, config }: ImageTowerModel,
  state: Pick<ImageTowerState, 'step' | 'seed' | 'teacher' | 'config'>,
  optimizer: OptimizerArrays,
): Promise<string> {
  return writeCheckpointFolder(folder, async (temporary) => {
    await writeSafetensors(join(temporary, MODEL_FILE), await graphArrays(graph), { format: 'cem' });
    await writeSafetensors(join(temporary, OPTIMIZER_FILE), optimizer, { format: 'cem' });
    const own = { kind: 'image-tower', formatVersion: FORMAT_VERSION, ...state, ...config } as const;
    const contentHash = await hashOf(temporary, own);
    const complete: ImageTowerState = { ...own, contentHash };
    await writeFile(join(temporary, STATE_FILE), `${JSON.stringify(complete, null, 2)}\n`, { flush: true });
    return contentHash;
  });
}

/**
 * Loads an image tower's model.
 *
 * @param path a checkpoint's folder, a run's, which means its newest checkpoint, or `RUN/checkpoints/best`
 * @throws CemError `CHECKPOINT_MISSING`; FormatError `CHECKPOINT_MALFORMED`, `CHECKPOINT_SHAPE`, `CHECKPOINT_HASH`
 */
export async function loadImageTowerModel(path: string): Promise<LoadedImageTower> {
  const newest = (await listCheckpoints(path)).at(-1);
  const folder = newest === undefined ? ((await resolveBestCheckpoint(path)) ?? path) : join(path, 'checkpoints', String(newest));
  const state = await readState(folder);
  const arrays = await readSafetensors(join(folder, MODEL_FILE));
  const hash = await hashOf(folder, state);
  if (hash !== state.contentHash) {
    throw new FormatError(
      'CHECKPOINT_HASH',
      `${folder}: the hash of the weights is ${hash.slice(0, 12)}…, ${STATE_FILE} says ${state.contentHash.slice(0, 12)}…; the checkpoint is damaged, use another one`,
      { details: { folder } },
    );
  }
  const config = { shape: state.shape, dimension: state.dimension };
  const graph = buildImageTowerGraph(config);
  try {
    restoreGraph(graph, arrays, join(folder, MODEL_FILE));
  } catch (error) {
    graph.dispose();
    throw error;
  }
  return { model: new ImageTowerModel(config, graph), state, path: folder };
}

/** Optimiser state of an image tower's checkpoint. */
export function loadImageTowerOptimizer(folder: string): Promise<OptimizerArrays> {
  return readSafetensors(join(folder, OPTIMIZER_FILE));
}

async function readState(folder: string): Promise<ImageTowerState> {
  const state = await readJsonFile(join(folder, STATE_FILE), stateSchema, {
    code: 'CHECKPOINT_MALFORMED',
    what: "an image tower's state",
    remedy: 'it belongs to another kind of model, was made by another version or is damaged: use another checkpoint',
  });
  if (state !== undefined) return state;
  throw new CemError(
    'CHECKPOINT_MISSING',
    `${folder} is no checkpoint of an image tower: it has no ${STATE_FILE}; train one with cem train --config configs/image-en.yaml`,
    { details: { folder } },
  );
}

async function hashOf(
  folder: string,
  { shape, dimension, teacher }: Pick<ImageTowerState, 'shape' | 'dimension' | 'teacher'>,
): Promise<string> {
  const { id, revision } = teacher;
  const weights = await readFile(join(folder, MODEL_FILE)).catch((cause: unknown) => {
    throw new CemError('CHECKPOINT_MISSING', `${folder} is no whole checkpoint: it has no ${MODEL_FILE}`, {
      details: { folder },
      cause,
    });
  });
  return createHash('sha256').update(JSON.stringify({ shape, dimension, id, revision })).update(weights).digest('hex');
}
