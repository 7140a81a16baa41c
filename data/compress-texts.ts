import { createCompressor } from '../zpkg/index.ts';
import type { CompressionSettings } from './compression-messages.ts';
import { CompressionThreads } from './compression-threads.ts';
import { compressInParts } from './split-text.ts';

/** Characters that travel to a thread at once: so many that messages cost little, so few that all threads get some. */
const BATCH_CHARACTERS = 256 * 1024;
const LARGEST_BATCH = 1024;
/** Batches that are read ahead for each thread: while it compresses one, the next waits. */
const BATCHES_A_THREAD = 2;

/**
 * Compresses texts, cut into parts where they are too large, in order. The frames do not depend on the number of threads.
 *
 * Memory: with threads, two batches of texts each; a text of any size is one batch at most.
 *
 * @param threads 1 compresses in this thread
 * @returns for each text the frames of its parts
 * @throws as `texts` and `createCompressor` do, and CemError `PACK_THREAD`
 */
export async function* compressTexts(
  texts: AsyncIterable<string>,
  settings: CompressionSettings,
  threads: number,
): AsyncGenerator<Uint8Array[]> {
  // In this thread in any case: a setting that makes no sense is said here, with its code.
  const compressor = createCompressor(settings);
  if (threads === 1) {
    for await (const text of texts) yield compressInParts(text, compressor, settings.targetChunkSize);
    return;
  }
  const pool = new CompressionThreads(threads, settings);
  const results: Promise<Uint8Array[][]>[] = [];
  try {
    for await (const batch of batchesOf(texts)) {
      const result = pool.compress(batch);
      // Awaited later, in order; until then a failure must not count as unhandled.
      result.catch(() => undefined);
      results.push(result);
      if (results.length >= threads * BATCHES_A_THREAD) yield* await results.shift()!;
    }
    while (results.length > 0) yield* await results.shift()!;
  } finally {
    await pool.close();
  }
}

async function* batchesOf(texts: AsyncIterable<string>): AsyncGenerator<string[]> {
  let batch: string[] = [];
  let characters = 0;
  for await (const text of texts) {
    batch.push(text);
    characters += text.length;
    if (characters < BATCH_CHARACTERS && batch.length < LARGEST_BATCH) continue;
    yield batch;
    batch = [];
    characters = 0;
  }
  if (batch.length > 0) yield batch;
}
