import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { type CheckpointState, saveCheckpoint } from '../../checkpoints/index.ts';
import { type Document, packCorpus } from '../../data/index.ts';
import { LsaEmbedder, lsaConfig } from '../../encoders/index.ts';
import { type ModelConfig, modelConfigSchema } from '../../model/config.ts';
import type { CemModel } from '../../model/embedder.ts';
import { ZpkgReader } from '../../zpkg/index.ts';
import { errorOf } from '../fixtures/temporary-folder.ts';
import { tinyModel as modelWithDrawnGains } from '../model/tiny-model.ts';

/** Every kind of layer: windows that blocks are made of, two queries a patch, a projection into the global width. */
export const TINY_MODEL: ModelConfig = modelConfigSchema.parse({
  maximumSymbols: 256,
  patchSize: 4,
  tables: { sizes: [3, 4], rows: 97 },
  local: { dimension: 16, layers: 1, heads: 2, feedForward: 24, window: 8, crossAttentionHeads: 2 },
  global: { dimension: 36, layers: 1, heads: 2, feedForward: 40 },
});

export const DIMENSION = 12;

const teacherSettings = lsaConfig.parse({ kind: 'lsa', dimension: DIMENSION });

/** What a state says when nobody cares. */
export const STATE: Omit<CheckpointState, 'contentHash' | 'formatVersion'> = {
  step: 7,
  seed: 1,
  model: TINY_MODEL,
  dimension: DIMENSION,
  pack: { level: 19, targetChunkSize: 4096, dictionarySize: 2048 },
  teacher: { config: teacherSettings, id: 'lsa', revision: 'test', settings: {} },
  config: { name: 'tiny', data: { source: 'texts', split: 'train' } },
};

/** A model none of whose weights has a value that a new one has, so that each of them must have been stored. */
export function tinyModel(seed = 1): CemModel {
  return modelWithDrawnGains(TINY_MODEL, DIMENSION, seed);
}

/** Real text: the paragraphs of the formats' descriptions. */
async function documents(): Promise<Document[]> {
  const paths = ['zpkg/FORMAT.md', 'data/mapping/MAPPING.md'].map((path) =>
    fileURLToPath(new URL(`../../${path}`, import.meta.url)),
  );
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  const paragraphs = texts.flatMap((text) => text.split(/\n\s*\n/)).filter((paragraph) => paragraph.length > 40);
  // One long document beside the short ones: more symbols than two windows.
  return [...paragraphs, texts[0]!.slice(0, 3000)].map((text, index) => ({ id: `d${index}`, title: '', text }));
}

export interface TestRun {
  readonly folder: string;
  readonly checkpoint: string;
  readonly hash: string;
  readonly model: CemModel;
  /** Chunks of the training corpus, of short texts and of long ones. */
  readonly frames: readonly Uint8Array[];
  readonly dictionary: Uint8Array;
}

/** A run's folder as training leaves it, with weights that nobody trained. */
export async function makeRun(parent: string): Promise<TestRun> {
  const folder = join(parent, 'run');
  const checkpoint = join(folder, 'checkpoints', '7');
  await mkdir(folder);
  const texts = await documents();
  async function* source(): AsyncGenerator<Document> {
    yield* texts;
  }
  const zpkg = join(folder, 'corpus.zpkg');
  await packCorpus(source, zpkg, STATE.pack);
  const teacher = await LsaEmbedder.fit(
    texts.map(({ text }) => text),
    teacherSettings,
  );
  await teacher.save(join(folder, 'teacher'));
  const model = tinyModel();
  const { id, revision, settings } = teacher.description;
  const state = { ...STATE, teacher: { config: teacherSettings, id, revision, settings: { ...settings } } };
  const optimizer = new Map([['global/norm/gain/first', { shape: [2], data: Float32Array.of(1, 2) }]]);
  const hash = await saveCheckpoint(checkpoint, model, state, optimizer);
  const reader = await ZpkgReader.open(zpkg);
  const chunks = [0, 1, 2, 3, reader.chunkCount - 1];
  const frames = await Promise.all(chunks.map((chunk) => reader.compressedChunk(chunk)));
  await reader.close();
  return { folder, checkpoint, hash, model, frames, dictionary: reader.dictionary };
}

/** The code of the error of ours that an action ends with; fails when it ends with none or with another. */
export async function codeOf(action: () => Promise<unknown>): Promise<string> {
  return (await errorOf(action)).code;
}

/** The largest difference between two lists of numbers of one length. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.is(a.length, b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}
