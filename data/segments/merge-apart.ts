import { randomUUID } from 'node:crypto';
import { compactCorpus } from './compaction.ts';
import { type CorpusManifest, requireManifest, type SegmentEntry, writeManifest } from './manifest.ts';
import type { SegmentApart } from './segment-apart.ts';

/**
 * Merges some segments of a corpus into one, in a folder that holds their files and nothing else. The corpus itself is not touched.
 *
 * @param segments neighbours, as the corpus' manifest has them
 * @throws as `compactCorpus`
 */
export async function mergeApart(
  folder: string,
  { generation, nextChunk, settings }: CorpusManifest,
  segments: readonly SegmentEntry[],
): Promise<SegmentApart> {
  await writeManifest(folder, { generation, state: randomUUID(), nextChunk, settings, segments: [...segments] });
  await compactCorpus(folder);
  const merged = await requireManifest(folder);
  return { folder, entry: merged.segments[0]!, settings };
}

/**
 * What a corpus consists of when a merged segment takes the place of those that it was made of.
 *
 * @returns undefined where they are not there any more as they were: another process changed the corpus meanwhile
 */
export function withMerged(
  before: CorpusManifest,
  segments: readonly SegmentEntry[],
  { entry }: SegmentApart,
): CorpusManifest | undefined {
  const first = before.segments.findIndex(({ file }) => file === segments[0]?.file);
  const there = first < 0 ? [] : before.segments.slice(first, first + segments.length);
  if (there.length !== segments.length || !there.every((known, place) => isSame(known, segments[place]!))) return undefined;
  const generation = before.generation + 1;
  const merged = { ...entry, file: `segment-${generation}.zpkg` };
  return { ...before, generation, segments: before.segments.toSpliced(first, segments.length, merged) };
}

/** Whether a segment is the same, with the same documents alive in it. A name is given again only after the segment went that had it. */
function isSame(left: SegmentEntry, right: SegmentEntry): boolean {
  return (
    left.file === right.file &&
    left.fingerprint === right.fingerprint &&
    JSON.stringify(left.removed.encode()) === JSON.stringify(right.removed.encode())
  );
}
