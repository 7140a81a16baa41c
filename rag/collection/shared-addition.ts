import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { CemError } from '../../base/index.ts';
import { countsOf, type SegmentApart, segmentFiles, withoutDocuments, withSegmentApart } from '../../data/index.ts';
import type { SqlQuery } from '../../search/postgres/index.ts';
import { applyIndexChange, type IndexChange } from '../indexing/index-change.ts';
import type { CollectionFolder } from './collection-folder.ts';
import { type CollectionSources, type SourceFileEntry, type SourceRoot, unitIds } from './collection-sources.ts';
import type { SharedCorpus } from './shared-corpus.ts';
import { type SharedState, segmentKeys } from './shared-state.ts';

/** Files that are to come into a shared collection, or to go: packed, encoded and uploaded without the turn. */
export interface SharedAddition {
  /** Entries that come, or take the place of those with their paths. */
  readonly put: readonly SourceFileEntry[];
  /** Paths of files that go. */
  readonly remove: readonly string[];
  /** Roots that the files are of. */
  readonly roots: readonly SourceRoot[];
  /** Of all of their units; undefined where they have none. */
  readonly packed: PackedUnits | undefined;
}

/** Units in a segment of their own, and the rows that they become. */
export interface PackedUnits {
  readonly segment: SegmentApart;
  /** The dictionary that the segment has. */
  readonly dictionary: Uint8Array;
  /** The rows' chunks have numbers from 0 on. */
  readonly index: IndexChange;
}

/** What `uploadAddition` wrote, and what the commit will write. */
export interface UploadedAddition {
  readonly container: string;
  readonly sources: string;
}

/** What a commit did. */
export interface AdditionResult {
  /** Paths of files that came, or changed. */
  readonly put: readonly string[];
  /** Of those that went. */
  readonly removed: readonly string[];
}

/**
 * Uploads a segment that was packed apart. The turn is not needed.
 *
 * @throws CemError `REMOTE_WRITE`, and what the database does that does not answer
 */
export async function uploadAddition(shared: SharedCorpus, { packed }: SharedAddition): Promise<UploadedAddition> {
  const batch = randomUUID();
  const sources = `${batch}/sources.json`;
  const file = packed?.segment.entry.file ?? '';
  const container = `${batch}/${file}`;
  const files = packed ? segmentFilesByKey(container, packed.segment) : new Map<string, string>();
  await shared.uploadApart(files, [sources]);
  return { container, sources };
}

/** Path of each file of a segment by the key that it gets. */
export function segmentFilesByKey(container: string, { folder, entry }: SegmentApart): Map<string, string> {
  const keys = segmentKeys(container, entry);
  return new Map(segmentFiles(entry).map((file, place) => [keys[place]!, join(folder, file)]));
}

/**
 * Commits what was prepared; in a turn. It is short: nothing is parsed, packed or encoded. Files that the collection has as they come are left as they are, so that the same addition may be committed any number of times.
 *
 * @param isThere whether an entry need not take the place of one that is there
 * @param also statements that count together with it, or not at all
 * @throws CemError `COLLECTION_DICTIONARY` where the segment was packed with another dictionary than the segments that there are: it is to be packed again; `COLLECTION_TURN`
 */
export async function commitAddition(
  collection: CollectionFolder,
  addition: SharedAddition,
  uploaded: UploadedAddition,
  {
    isThere,
    also,
  }: {
    readonly isThere: (known: SourceFileEntry, coming: SourceFileEntry) => boolean;
    readonly also: (query: SqlQuery) => Promise<void>;
  },
): Promise<AdditionResult> {
  const { shared, store } = collection;
  assert.ok(shared !== undefined, 'only a shared collection has additions');
  const sources = await collection.sources();
  const known = new Map(sources.files.map((entry) => [entry.path, entry]));
  const coming = addition.put.filter((entry) => !isSameAt(known, entry, isThere));
  const gone = addition.remove.flatMap((path) => known.get(path) ?? []);
  if (coming.length === 0 && gone.length === 0) {
    await store.transaction(async (inner) => also(inner.line.besides));
    return { put: [], removed: [] };
  }
  // Some are there already: what is there of them is replaced by the same.
  const put = addition.put;
  const replaced = put.flatMap(({ path }) => known.get(path) ?? []);
  const next = nextSources(sources, addition, [...put], gone);
  const removed = [...gone, ...replaced].flatMap(unitIds);
  const before = shared.shared;
  const { packed } = addition;
  if (packed === undefined && removed.length === 0) {
    // Files without a text: nothing but the list changes.
    if (before === undefined) await store.transaction(async (inner) => also(inner.line.besides));
    else {
      await shared.propose({ ...before, sources: uploaded.sources }, next);
      await shared.swap((inner) => also(inner.line.besides));
    }
    return { put: [], removed: [] };
  }
  if (packed !== undefined) await refuseOtherDictionary(shared, packed.dictionary);
  const segments = removed.length === 0 ? (before?.manifest.segments ?? []) : await livingSegments(collection, removed);
  const { manifest, firstChunk } = withSegmentApart(before?.manifest, segments, packed?.segment);
  const objects = new Map(
    segments.flatMap(({ file }): [string, string][] => {
      const key = before?.objects.get(file);
      return key === undefined ? [] : [[file, key]];
    }),
  );
  if (packed !== undefined) objects.set(manifest.segments.at(-1)!.file, uploaded.container);
  const state: SharedState = { manifest, objects, sources: uploaded.sources };
  await shared.propose(state, next);
  const index = numbered(packed?.index, { firstChunk, removed });
  const names = { put: coming.filter(({ documents }) => documents.length > 0).map(({ path }) => path), removed: pathsOf(gone) };
  await collection.commitRows({
    corpus: manifest.state,
    changes: names,
    synchronise: async (inner) => {
      const grown = await applyIndexChange(inner, index);
      await also(inner.line.besides);
      return { ...countsOf(manifest), passages: (shared.state?.passages ?? 0) + grown };
    },
  });
  return { put: coming.map(({ path }) => path), removed: names.removed };
}

const pathsOf = (entries: readonly SourceFileEntry[]): string[] => entries.map(({ path }) => path);

function isSameAt(
  known: ReadonlyMap<string, SourceFileEntry>,
  entry: SourceFileEntry,
  isThere: (known: SourceFileEntry, coming: SourceFileEntry) => boolean,
): boolean {
  const there = known.get(entry.path);
  return there !== undefined && isThere(there, entry);
}

/** The list with entries in their places, in the order of the paths. */
function nextSources(
  { roots, files }: CollectionSources,
  { roots: wanted }: SharedAddition,
  put: readonly SourceFileEntry[],
  gone: readonly SourceFileEntry[],
): CollectionSources {
  const touched = new Set(pathsOf([...put, ...gone]));
  const added = wanted.filter(({ name }) => !roots.some((root) => root.name === name));
  return {
    roots: [...roots, ...added],
    files: [...files.filter(({ path }) => !touched.has(path)), ...put].sort((left, right) => (left.path < right.path ? -1 : 1)),
  };
}

/** The segments that there are without these units. */
async function livingSegments(collection: CollectionFolder, units: readonly string[]) {
  const corpus = await collection.openCorpus();
  if (corpus === undefined) return [];
  await using _ = corpus;
  return withoutDocuments(corpus, new Set(units)).segments;
}

async function refuseOtherDictionary(shared: SharedCorpus, dictionary: Uint8Array): Promise<void> {
  const own = await shared.dictionary();
  if (own === undefined || Buffer.from(own).equals(dictionary)) return;
  throw new CemError(
    'COLLECTION_DICTIONARY',
    'the segment was packed with another dictionary than those that the collection has: pack it again; nothing of it counts',
  );
}

/** Rows with the numbers that their chunks have in the corpus. */
function numbered(
  index: IndexChange | undefined,
  { firstChunk, removed }: { readonly firstChunk: number; readonly removed: readonly string[] },
): IndexChange {
  const rows = (index?.rows ?? []).map((row) => ({ ...row, chunk: row.chunk + firstChunk }));
  // What does not come need not be looked for among the rows.
  return { changed: [], gone: removed, rows };
}
