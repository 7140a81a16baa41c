import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Document } from '../documents/document.ts';
import { DocumentReader } from '../mapping/document-reader.ts';
import { packCorpus } from '../packing/pack.ts';
import { type AddOptions, newSegment, packingOf, refuseOverflow, settingsOf } from './addition.ts';
import type { CorpusManifest, PackSettings, SegmentEntry } from './manifest.ts';
import { NumberRuns } from './number-runs.ts';
import { SegmentedCorpus } from './segmented-corpus.ts';

const FILE = 'segment-1.zpkg';

/** A segment that was packed by itself, for a corpus that it may come into later. */
export interface SegmentApart {
  /** Where its files lie. */
  readonly folder: string;
  /** Its chunks have numbers from 0 on. */
  readonly entry: SegmentEntry;
  /** Those of the corpus. */
  readonly settings: PackSettings;
}

/** What a corpus has that segments are packed for. */
export interface PackedFor {
  readonly settings: PackSettings;
  /** That of all of its segments. */
  readonly dictionary: Uint8Array;
}

/**
 * Packs documents as a segment that no corpus has yet. No corpus is locked or read meanwhile: any number of processes may pack for one.
 *
 * @param corpus undefined where there are no segments yet: the segment gets a dictionary of its own, and may only be the first
 * @throws UsageError `CORPUS_SETTINGS`; as `packCorpus`
 */
export async function packApart(
  folder: string,
  documents: () => AsyncIterable<Document>,
  corpus: PackedFor | undefined,
  options: AddOptions,
): Promise<SegmentApart> {
  await mkdir(folder, { recursive: true });
  const settings = settingsOf(corpus && { path: folder, manifest: corpus }, options);
  const path = join(folder, FILE);
  const packed = await packCorpus(documents, path, {
    ...packingOf(settings, options),
    ...(corpus && { dictionary: corpus.dictionary }),
  });
  const reader = await DocumentReader.open(path);
  try {
    return { folder, entry: newSegment(reader, packed, FILE, 0), settings };
  } finally {
    await reader.close();
  }
}

/** A corpus of this one segment. Throws as `SegmentedCorpus.openAs`. */
export function openApart({ folder, entry, settings }: SegmentApart): Promise<SegmentedCorpus> {
  const manifest = { generation: 1, state: randomUUID(), nextChunk: entry.chunks, settings, segments: [entry] };
  return SegmentedCorpus.openAs(folder, { manifest, objects: new Map() });
}

/**
 * What a corpus consists of after a segment that was packed apart came into it.
 *
 * @param segments those of before that stay, with what of them is alive then
 * @param added undefined where nothing comes
 * @returns the manifest, and the number that the segment's chunk 0 has in the corpus
 * @throws CemError `CORPUS_OVERFLOW`
 */
export function withSegmentApart(
  before: CorpusManifest | undefined,
  segments: readonly SegmentEntry[],
  added: SegmentApart | undefined,
): { readonly manifest: CorpusManifest; readonly firstChunk: number } {
  const generation = (before?.generation ?? 0) + 1;
  const firstChunk = before?.nextChunk ?? 0;
  const chunks = added?.entry.chunks ?? 0;
  refuseOverflow(firstChunk, chunks);
  const settings = before?.settings ?? added!.settings;
  const entry = added && {
    ...added.entry,
    file: `segment-${generation}.zpkg`,
    numbers: NumberRuns.of([{ first: firstChunk, count: chunks }]),
  };
  return {
    manifest: {
      ...{ generation, state: randomUUID(), nextChunk: firstChunk + chunks, settings },
      segments: [...segments, ...(entry ? [entry] : [])],
    },
    firstChunk,
  };
}

/** Documents and chunks that are alive. */
export function countsOf({ segments }: Pick<CorpusManifest, 'segments'>): {
  readonly documents: number;
  readonly chunks: number;
} {
  return {
    documents: segments.reduce((sum, entry) => sum + entry.documents - entry.removedDocuments, 0),
    chunks: segments.reduce((sum, entry) => sum + entry.chunks - entry.removed.count, 0),
  };
}
