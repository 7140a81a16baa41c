import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { asyncBatches } from '../../base/index.ts';
import { createCompressor } from '../../zpkg/index.ts';
import type { CompressedPart, CompressionSettings } from './compression-messages.ts';
import { CompressionThreads } from './compression-threads.ts';
import { compressInParts } from './split-text.ts';

/** Characters that travel to a thread at once: so many that messages cost little, so few that all threads get some. */
const BATCH = { items: 1024, weight: 256 * 1024, weigh: (text: string) => text.length };
/** Batches that are read ahead for each thread: while it compresses one, the next waits. */
const BATCHES_A_THREAD = 2;
/** Other threads are started when this one has compressed for so long: what takes less is done before they have loaded their program. */
const ALONE_MS = 250;
/** How long this thread compresses before it looks at what the others answered. */
const TURN_MS = 10;
/** A thread is started for every so many bytes of text, up to the number of cores: with less it takes longer to start than it saves. */
const TEXT_A_THREAD = 4 * 1024 * 1024;

interface Batch {
  readonly texts: readonly string[];
  /** Undefined while nobody compresses it. */
  parts?: Promise<CompressedPart[][]>;
  /** Whether `parts` is settled. */
  done: boolean;
}

/**
 * Compresses texts, cut into parts where they are too large, in order. They do not depend on the number of threads. This thread is one of them: what
 * no other has taken it compresses itself, so that a small corpus does not wait for threads to start.
 *
 * Memory: with several threads, two batches of texts each; a text of any size is one batch at most.
 *
 * @param threads all that compress, this one counted
 * @param others the threads beside this one, which are ended at the end
 * @returns the parts of each text
 * @throws as `texts` and `createCompressor` do, and CemError `PACK_THREAD`
 */
export async function* compressTexts(
  texts: AsyncIterable<string>,
  settings: CompressionSettings,
  threads: number,
  others = new CompressionThreads(threads - 1, settings),
): AsyncGenerator<CompressedPart[]> {
  const compressor = createCompressor(settings);
  const compressOne = (text: string): CompressedPart[] => compressInParts(text, compressor, settings);
  if (threads === 1) {
    for await (const text of texts) yield compressOne(text);
    return;
  }
  const batches: Batch[] = [];
  const waiting = (): Batch | undefined => batches.find((batch) => batch.parts === undefined);
  const handOut = (): void => {
    for (let batch = waiting(); batch !== undefined && others.hasRoom; batch = waiting())
      settle(batch, others.compress(batch.texts));
  };
  let alone = 0;
  const compressHere = async (list: readonly string[]): Promise<CompressedPart[][]> => {
    const parts: CompressedPart[][] = [];
    let turn = performance.now();
    for (const text of list) {
      parts.push(compressOne(text));
      const time = performance.now() - turn;
      if (time < TURN_MS) continue;
      alone += time;
      if (alone >= ALONE_MS) others.start();
      await setImmediate();
      handOut();
      turn = performance.now();
    }
    return parts;
  };
  const takeFirst = async (): Promise<CompressedPart[][]> => {
    const first = batches[0]!;
    while (!first.done) {
      handOut();
      const batch = waiting() ?? first;
      if (batch.parts === undefined) settle(batch, compressHere(batch.texts));
      await batch.parts;
    }
    batches.shift();
    return first.parts!;
  };
  try {
    for await (const batch of asyncBatches(texts, BATCH)) {
      batches.push({ texts: batch, done: false });
      handOut();
      if (batches.length >= threads * BATCHES_A_THREAD) yield* await takeFirst();
    }
    while (batches.length > 0) yield* await takeFirst();
  } finally {
    await others.close();
  }
}

/** Threads that are worth starting for so much text. */
export function compressionThreads(textBytes: number): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(textBytes / TEXT_A_THREAD)));
}

function settle(batch: Batch, parts: Promise<CompressedPart[][]>): void {
  const done = (): void => {
    batch.done = true;
  };
  batch.parts = parts;
  // Awaited in order; until then a failure must not count as unhandled.
  parts.then(done, done);
}
