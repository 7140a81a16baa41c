import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CemError, FormatError, readJsonFile } from '../../base/index.ts';
import { buildCrossEncoderGraph, CrossEncoderModel, crossEncoderModelConfigSchema } from '../../model/cross-encoder/index.ts';
import { listCheckpoints, MODEL_FILE, OPTIMIZER_FILE, type OptimizerArrays, STATE_FILE } from './checkpoint.ts';
import { resolveBestCheckpoint, writeCheckpointFolder } from './checkpoint-folder.ts';
import { graphArrays, restoreGraph } from './graph-weights.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

const FORMAT_VERSION = 1;
/** What turns texts into the model's tokens; part of every checkpoint. */
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json'] as const;

const stateSchema = z.strictObject({
  kind: z.literal('reranker'),
  formatVersion: z.literal(FORMAT_VERSION),
  /** Optimiser steps that are done; batches are a function of seed and step. */
  step: z.number().int().nonnegative(),
  seed: z.number().int(),
  model: crossEncoderModelConfigSchema,
  /** Tokens of a pair that it was trained with. */
  maximumTokens: z.number().int().positive(),
  /** The run's resolved configuration, for reading. */
  config: z.unknown(),
  /** Identity of the model: SHA-256 over its shape, the weights' file and the tokenizer's files. */
  contentHash: z.string(),
});

/** `state.json` of a reranker's checkpoint. */
export type CrossEncoderCheckpointState = z.infer<typeof stateSchema>;

/** A cross-encoder and what its checkpoint says of it. */
export interface LoadedCrossEncoder {
  readonly model: CrossEncoderModel;
  readonly state: CrossEncoderCheckpointState;
  /** Folder of the checkpoint, which has the tokenizer's files. */
  readonly path: string;
}

/**
 * Copies a tokenizer's files.
 *
 * @throws CemError `IMPORT_MISSING`
 */
export async function copyTokenizer(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of TOKENIZER_FILES) {
    await copyFile(join(from, name), join(to, name)).catch((cause: unknown) => {
      throw new CemError('IMPORT_MISSING', `${join(from, name)} cannot be copied: a reranker needs the files of its tokenizer`, {
        details: { from },
        cause,
      });
    });
  }
}

/**
 * Writes a reranker's checkpoint as a whole: `model.safetensors`, `optimizer.safetensors`, the tokenizer's files, `state.json`.
 *
 * @param folder `…/checkpoints/<step>`; what stood there before is replaced
 * @param tokenizer folder of the tokenizer's files
 * @returns the content hash
 */
export async function saveCrossEncoderCheckpoint(
  folder: string,
  model: CrossEncoderModel,
  tokenizer: string,
  state: Pick<CrossEncoderCheckpointState, 'step' | 'seed' | 'maximumTokens' | 'config'>,
  optimizer: OptimizerArrays,
): Promise<string> {
  return writeCheckpointFolder(folder, async (temporary) => {
    await writeSafetensors(join(temporary, MODEL_FILE), await graphArrays(model.graph), { format: 'cem' });
    await writeSafetensors(join(temporary, OPTIMIZER_FILE), optimizer, { format: 'cem' });
    await copyTokenizer(tokenizer, temporary);
    const hash = await contentHash(temporary, model.config);
    const complete: CrossEncoderCheckpointState = {
      kind: 'reranker',
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
 * Loads a reranker's model.
 *
 * @param path a checkpoint's folder, a run's, which means its newest checkpoint, or `RUN/checkpoints/best`
 * @throws CemError `CHECKPOINT_MISSING`; FormatError `CHECKPOINT_MALFORMED`, `CHECKPOINT_SHAPE`, `CHECKPOINT_HASH`
 */
export async function loadCrossEncoder(path: string): Promise<LoadedCrossEncoder> {
  const folder = await findFolder(path);
  const state = await readState(folder);
  const arrays = await readSafetensors(join(folder, MODEL_FILE));
  const hash = await contentHash(folder, state.model);
  if (hash !== state.contentHash) {
    throw new FormatError(
      'CHECKPOINT_HASH',
      `${folder}: the hash of weights and tokenizer is ${hash.slice(0, 12)}…, ${STATE_FILE} says ${state.contentHash.slice(0, 12)}…; the checkpoint is damaged, use another one`,
      { details: { folder } },
    );
  }
  const graph = buildCrossEncoderGraph(state.model);
  try {
    restoreGraph(graph, arrays, join(folder, MODEL_FILE));
  } catch (error) {
    graph.dispose();
    throw error;
  }
  return { model: new CrossEncoderModel(state.model, graph), state, path: folder };
}

/** Optimiser state of a reranker's checkpoint. */
export function loadCrossEncoderOptimizer(folder: string): Promise<OptimizerArrays> {
  return readSafetensors(join(folder, OPTIMIZER_FILE));
}

async function findFolder(path: string): Promise<string> {
  const newest = (await listCheckpoints(path)).at(-1);
  if (newest !== undefined) return join(path, 'checkpoints', String(newest));
  return (await resolveBestCheckpoint(path)) ?? path;
}

async function readState(folder: string): Promise<CrossEncoderCheckpointState> {
  const path = join(folder, STATE_FILE);
  const state = await readJsonFile(path, stateSchema, {
    code: 'CHECKPOINT_MALFORMED',
    what: "a reranker's state",
    remedy: 'it belongs to another kind of model, was made by another version or is damaged: use another checkpoint',
  });
  if (state !== undefined) return state;
  throw new CemError(
    'CHECKPOINT_MISSING',
    `${folder} is no checkpoint of a reranker: it has no ${STATE_FILE}; train one with cem train --config configs/reranker-tiny.yaml`,
    { details: { folder } },
  );
}

async function contentHash(folder: string, model: unknown): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(model));
  for (const name of [MODEL_FILE, ...TOKENIZER_FILES]) {
    hash.update(`${name}\0`).update(
      await readFile(join(folder, name)).catch((cause: unknown) => {
        throw new CemError('CHECKPOINT_MISSING', `${folder} is no whole checkpoint: it has no ${name}`, {
          details: { folder },
          cause,
        });
      }),
    );
  }
  return hash.digest('hex');
}
