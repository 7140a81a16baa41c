import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteSpan } from '../../base/index.ts';
import { type Document, type PackOptions, packCorpus } from '../../data/index.ts';
import type { ChunkEncoder, ChunkVectors, TextEmbedder, Vectors } from '../../encoders/index.ts';
import type { IndexMakers } from '../../rag/index.ts';
import type { VectorStore } from '../../search/index.ts';
import { openPglite } from '../../search/postgres/pglite-driver.ts';
import { PgvectorStore } from '../../search/postgres/pgvector-store.ts';
import type { SqlDriver } from '../../search/postgres/sql-driver.ts';

export const DIMENSION = 16;

/** A folder that is gone after the body. */
export async function withFolder<Result>(body: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'cem-rag-'));
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const WORDS =
  'archive border chunk daemon engine filter gateway header index journal kernel ledger mirror network object packet queue router socket thread'.split(
    ' ',
  );

/** Documents of 1 to about 60 sentences, so that some of them span several chunks at a small target size. */
export function makeDocuments(count: number, seed = 0): Document[] {
  return Array.from({ length: count }, (_, number) => {
    const sentences = Array.from({ length: 1 + ((number * 7 + seed) % 60) }, (_, sentence) => {
      const digest = createHash('sha256').update(`${seed} ${number} ${sentence}`).digest();
      return `The ${Array.from(digest.subarray(0, 9), (byte) => WORDS[byte % WORDS.length]).join(' ')} ${digest.toString('hex', 0, 6)}.`;
    });
    return { id: `document-${number}`, title: `Title ${number}`, text: sentences.join(' ') };
  });
}

/** Packs documents with a target size that splits the longer ones, and returns the container's path. Chunks are not cut into passages unless the options say so. */
export async function packDocuments(
  path: string,
  documents: readonly Document[],
  force = false,
  passages: Pick<PackOptions, 'passageSize' | 'passageOverlap' | 'terms'> = {},
): Promise<string> {
  await packCorpus(
    async function* () {
      yield* documents;
    },
    path,
    { level: 3, targetChunkSize: 512, dictionarySize: 2048, force, ...passages },
  );
  return path;
}

/** A unit vector that depends on the bytes alone; different bytes are nearly orthogonal. */
export function hashVector(bytes: Uint8Array | string): Float32Array {
  const digest = createHash('sha512').update(bytes).digest();
  const vector = Float32Array.from({ length: DIMENSION }, (_, index) => digest.readInt32LE(4 * (index % 16)) / 2 ** 31);
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

/** The vector that `HashEncoder` gives a passage of a frame. */
export function passageVector(frame: Uint8Array, { start, end }: ByteSpan): Float32Array {
  return hashVector(Buffer.concat([frame, Buffer.from(` ${start} ${end}`)]));
}

function stack(vectors: readonly Float32Array[]): Vectors {
  const data = new Float32Array(vectors.length * DIMENSION);
  vectors.forEach((vector, row) => {
    data.set(vector, row * DIMENSION);
  });
  return { rows: vectors.length, dimension: DIMENSION, data };
}

/** Stands for the student: a passage's vector is a hash of its chunk's compressed bytes and, unless it is all of it, its span. Counts what it gave; fails after `failAfter` vectors. */
export class HashEncoder implements ChunkEncoder {
  readonly dimension = DIMENSION;
  readonly failAfter: number;
  encoded = 0;
  /** Of each call: the frames, and the vectors. */
  readonly calls: { readonly frames: number; readonly rows: number }[] = [];

  constructor(failAfter = Number.POSITIVE_INFINITY) {
    this.failAfter = failAfter;
  }

  async encodeChunks(
    frames: readonly Uint8Array[],
    _dictionary: Uint8Array,
    passages?: readonly (readonly ByteSpan[] | undefined)[],
  ): Promise<ChunkVectors> {
    const vectors = frames.flatMap((frame, place) => {
      const spans = passages?.[place];
      return spans === undefined ? [hashVector(frame)] : spans.map((span) => passageVector(frame, span));
    });
    this.encoded += vectors.length;
    this.calls.push({ frames: frames.length, rows: vectors.length });
    if (this.encoded > this.failAfter) throw new Error('stopped by the test');
    return stack(vectors);
  }
}

/** Stands for the teacher: a query's vector is looked up. */
export function tableEmbedder(vectors: ReadonlyMap<string, Float32Array>): TextEmbedder {
  const embed = async (texts: readonly string[]) => stack(texts.map((text) => vectors.get(text) ?? hashVector(text)));
  return {
    description: { id: 'table', revision: 'r1', dimension: DIMENSION, settings: {} },
    embedDocuments: embed,
    embedQueries: embed,
    dispose: async () => {},
  };
}

export const MAKERS: IndexMakers = {
  checkpoint: { path: '/runs/one/checkpoints/10', hash: 'a'.repeat(64) },
  teacher: {
    id: 'lsa',
    revision: 'b'.repeat(64),
    config: { kind: 'transformers', model: 'none', revision: 'main', remote: false, dtype: 'fp32', batchSize: 32 },
  },
  dimension: DIMENSION,
  zpkg: { path: '/corpus.zpkg', identity: 'c'.repeat(64) },
};

/** Databases in memory take seconds to make: stores of one test file share one. */
export async function openTestDatabase(): Promise<{ store(name: string): Promise<VectorStore>; close(): Promise<void> }> {
  const database = await openPglite();
  const shared: SqlDriver = { ...database, close: async () => {} };
  return { store: (name) => PgvectorStore.open(shared, { dimension: DIMENSION, name }), close: () => database.close() };
}
