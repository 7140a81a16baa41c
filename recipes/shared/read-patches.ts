import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batches, closing, type OnProgress } from '../../base/index.ts';
import type { LoadedStudent } from '../../checkpoints/index.ts';
import { type Document, DocumentReader, packCorpus } from '../../data/index.ts';
import type { Decompressor } from '../../zpkg/index.ts';

/** Texts whose patches are held at a time. */
const TEXTS_AT_ONCE = 64;

/** A text as the encoder's patches, those of all chunks that it was packed as. */
export interface TextPatches {
  readonly patches: number;
  readonly dimension: number;
  /** [patches, dimension] */
  readonly vectors: Float32Array;
  /** [chunks, dimension] the vectors of its chunks, L2-normalised. */
  readonly chunks: Float32Array;
}

export interface ReadPatchesOptions {
  readonly onProgress?: OnProgress | undefined;
  /** Replaces the reader's: a test installs one that throws. */
  readonly decompressor?: ((dictionary: Uint8Array) => Decompressor) | undefined;
}

/**
 * Texts as a collection would have them: packed as the checkpoint's own corpus was, with a dictionary of their own, and read from the compressed chunks. In the order of the texts.
 *
 * @throws what `packCorpus`, `DocumentReader.open` and `CemModel.encodePatches` throw
 */
export async function* readPatches(
  texts: readonly string[],
  { student, state }: Pick<LoadedStudent, 'student' | 'state'>,
  { onProgress, decompressor }: ReadPatchesOptions = {},
): AsyncGenerator<TextPatches> {
  const folder = await mkdtemp(join(tmpdir(), 'cem-patches-'));
  await using _ = closing(() => rm(folder, { recursive: true, force: true }));
  const zpkg = join(folder, 'texts.zpkg');
  await packCorpus(() => numbered(texts), zpkg, state.pack);
  const source = await DocumentReader.open(zpkg, decompressor && { decompressor });
  await using __ = closing(() => source.close());
  let done = 0;
  for (const some of batches(texts.keys(), TEXTS_AT_ONCE)) {
    const ids = some.map(String);
    const chunks = ids.map((id) => source.chunksOf(id));
    const frames = await Promise.all(chunks.flat().map((chunk) => source.compressedChunk(chunk)));
    const read = await student.encodePatches(frames, source.dictionary);
    let first = 0;
    for (const { length } of chunks) {
      const own = read.slice(first, first + length);
      first += length;
      yield {
        patches: own.reduce((sum, { patches }) => sum + patches, 0),
        dimension: student.dimension,
        vectors: joined(own.map(({ vectors }) => vectors)),
        chunks: joined(own.map(({ passage }) => passage)),
      };
    }
    done += ids.length;
    onProgress?.(done, texts.length);
  }
}

async function* numbered(texts: readonly string[]): AsyncGenerator<Document> {
  for (const [place, text] of texts.entries()) yield { id: String(place), title: '', text };
}

function joined(pieces: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const piece of pieces) {
    all.set(piece, end);
    end += piece.length;
  }
  return all;
}
