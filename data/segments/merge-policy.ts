import type { CorpusManifest } from './manifest.ts';
import type { SegmentedCorpus } from './segmented-corpus.ts';

/** Segments that a corpus may have before some are merged: each one costs a reader open files, and each look-up of an id. */
const MOST_SEGMENTS = 8;
/** Chunks that are gone before it counts that they are most of all. */
const LEAST_GONE = 1_000;

/**
 * How many of the last segments should be merged now, that a corpus of many small changes keeps few segments; 0: none. The last ones are taken as long as each is no larger than all behind it
 * together, so that a chunk is copied as often as the logarithm of the number of changes; all, where most chunks are gone.
 */
export function segmentsToMerge({ segments }: Pick<SegmentedCorpus, 'segments'>): number {
  return entriesToMerge({ segments: segments.map(({ entry }) => entry) });
}

/** The same of a corpus that is not open. */
export function entriesToMerge({ segments }: Pick<CorpusManifest, 'segments'>): number {
  const chunks = segments.map((entry) => entry.chunks - entry.removed.count);
  const alive = chunks.reduce((sum, count) => sum + count, 0);
  const gone = segments.reduce((sum, { removed }) => sum + removed.count, 0);
  if (gone >= LEAST_GONE && gone > alive) return segments.length;
  if (segments.length <= MOST_SEGMENTS) return 0;
  let [merged, behind] = [1, chunks.at(-1)!];
  for (let place = chunks.length - 2; place >= 0 && chunks[place]! <= behind; place--) {
    behind += chunks[place]!;
    merged++;
  }
  return Math.max(2, merged);
}
