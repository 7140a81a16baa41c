import { join } from 'node:path';
import { z } from 'zod';
import {
  CemError,
  FormatError,
  type JsonMeaning,
  parseJson,
  readTextIfThere,
  UsageError,
  writeFileAtomically,
} from '../../base/index.ts';
import { jsonFault } from '../metadata/check-metadata.ts';
import type { AnalyzerDescription } from '../metadata/term-analyzer.ts';
import { SMALLEST_PASSAGE } from '../passages/cut-passages.ts';
import { NumberRuns } from './number-runs.ts';

/** SEGMENTS.md describes the file. */
export const MANIFEST_FILE = 'manifest.json';
/** A change that was made and does not count yet. */
export const STAGED_FILE = 'manifest.next.json';
/** Version 2 is version 1 with segments that have metadata, version 3 also says how chunks are cut into passages, version 4 by which analyzer their terms are kept. */
const VERSIONS = { plain: 1, withMetadata: 2, withPassages: 3, withTerms: 4 } as const;
/** Chunk numbers fit into 31 bits: what a signed 32-bit column of a database holds. */
export const LARGEST_CHUNK_NUMBER = 2 ** 31 - 1;

const count = z.int().nonnegative();
const runs = z.array(count).transform((list, context) => {
  const decoded = NumberRuns.decode(list);
  if (decoded !== undefined) return decoded;
  context.addIssue({ code: 'custom', message: 'is no list of gaps and lengths' });
  return z.NEVER;
});

const analyzer = z.custom<AnalyzerDescription>(
  (value) => jsonFault(value) === undefined && z.looseObject({ fingerprint: z.string().min(1) }).safeParse(value).success,
  'is no description of an analyzer: an object with a fingerprint',
);

const packSettings = z
  .strictObject({
    level: z.int(),
    targetChunkSize: z.int().positive(),
    dictionarySize: count,
    dictionaryBorders: z.enum(['any', 'word']),
    plainLiterals: z.boolean(),
    /** Absent: chunks have no passages, as `PackOptions` has it. */
    passageSize: z.int().min(SMALLEST_PASSAGE).optional(),
    /** Absent: 0. */
    passageOverlap: z.int().positive().optional(),
    /** Absent: no terms are kept. */
    terms: analyzer.optional(),
  })
  .refine(
    ({ passageSize = 0, passageOverlap = 0 }) => passageOverlap === 0 || 2 * passageOverlap < passageSize,
    'has an overlap of passages that is not below half their size',
  );

const segmentEntry = z
  .strictObject({
    file: z.string().regex(/^segment-[1-9]\d*\.zpkg$/),
    bytes: count,
    mappingBytes: count,
    metadataBytes: count.positive().optional(),
    fingerprint: z.int().min(0).max(0xffffffff),
    documents: count,
    chunks: count,
    numbers: runs,
    removedDocuments: count,
    removed: runs,
  })
  .refine((entry) => entry.numbers.count === entry.chunks, 'has not one number for each chunk')
  .refine(
    (entry) =>
      entry.removed.end <= entry.chunks &&
      entry.removed.count < entry.chunks &&
      entry.removedDocuments < entry.documents &&
      entry.removedDocuments <= entry.removed.count &&
      entry.removedDocuments > 0 === entry.removed.count > 0,
    'says of chunks that they were removed, and they are not its own, or they are all',
  );

const manifestSchema = z
  .strictObject({
    format: z.literal('cem-corpus'),
    version: z.literal(Object.values(VERSIONS)),
    generation: z.int().positive(),
    state: z.uuid(),
    nextChunk: count.max(LARGEST_CHUNK_NUMBER),
    settings: packSettings,
    segments: z.array(segmentEntry),
  })
  .refine(
    ({ version, settings, segments }) => version === versionOf(settings, segments),
    'its version is not that of what it says',
  )
  .refine(({ segments, nextChunk }) => {
    let end = 0;
    for (const { numbers } of segments) {
      if (numbers.first < end) return false;
      end = numbers.end;
    }
    return end <= nextChunk;
  }, 'its segments do not have ascending chunk numbers below nextChunk')
  .refine(({ segments }) => new Set(segments.map(({ file }) => file)).size === segments.length, 'it names a segment twice');

/** How every segment of a corpus is packed: as `PackOptions`. */
export type PackSettings = z.infer<typeof packSettings>;

const MEANING: JsonMeaning = {
  code: 'CORPUS_FORMAT',
  what: 'a manifest of a corpus',
  remedy: 'restore the folder from a copy',
};

/** One immutable container and what of it is alive. */
export type SegmentEntry = z.infer<typeof segmentEntry>;

/** What a corpus consists of at one moment. */
export type CorpusManifest = Omit<z.infer<typeof manifestSchema>, 'format' | 'version'>;

/** Which of a folder's manifests: the one that counts, or the one of a staged change. */
type ManifestFile = typeof MANIFEST_FILE | typeof STAGED_FILE;

/**
 * @returns undefined when the folder has no such manifest
 * @throws CemError `FILE_READ`
 * @throws FormatError `CORPUS_VERSION`, `CORPUS_FORMAT`
 */
export async function readManifest(folder: string, file: ManifestFile = MANIFEST_FILE): Promise<CorpusManifest | undefined> {
  const path = join(folder, file);
  const text = await readTextIfThere(path);
  return text === undefined ? undefined : parseManifest(text, path);
}

/**
 * @param path for errors: where the text comes from
 * @throws FormatError `CORPUS_VERSION`, `CORPUS_FORMAT`
 */
export function parseManifest(text: string, path: string): CorpusManifest {
  refuseOtherVersion(parseJson(text, z.unknown(), path, MEANING), path);
  return parseJson(text, manifestSchema, path, MEANING);
}

/** As `readManifest`; throws UsageError `CORPUS_MISSING` when the folder has none. */
export async function requireManifest(folder: string): Promise<CorpusManifest> {
  const manifest = await readManifest(folder);
  if (manifest !== undefined) return manifest;
  throw new UsageError(
    'CORPUS_MISSING',
    `${folder} is no corpus: it has no ${MANIFEST_FILE}; make one with \`cem add ${folder} DOCUMENTS\``,
    { details: { path: folder } },
  );
}

/**
 * The manifest of a folder, or that of its staged change, whichever has this state.
 *
 * @throws CemError `CORPUS_STATE` where neither has it
 */
export async function manifestOfState(folder: string, state: string): Promise<CorpusManifest> {
  // The staged one first: it becomes the other one by a rename, which a look in this order cannot miss.
  for (const file of [STAGED_FILE, MANIFEST_FILE] as const) {
    const manifest = await readManifest(folder, file);
    if (manifest?.state === state) return manifest;
  }
  throw new CemError(
    'CORPUS_STATE',
    `the corpus ${folder} is not in the state ${state} that its collection names: it was changed by another program than \`cem ingest\`, or comes from another copy; restore the folder from a copy, or make the collection again`,
    { details: { path: folder, state } },
  );
}

/** Replaces a manifest of a folder: who reads it sees the old or the new one. */
export async function writeManifest(folder: string, manifest: CorpusManifest, file: ManifestFile = MANIFEST_FILE): Promise<void> {
  await writeFileAtomically(join(folder, file), Buffer.from(`${manifestText(manifest)}\n`));
}

/** A manifest as JSON, which `parseManifest` reads. */
export function manifestText({ generation, state, nextChunk, settings, segments }: CorpusManifest): string {
  return JSON.stringify({
    format: 'cem-corpus',
    version: versionOf(settings, segments),
    generation,
    state,
    nextChunk,
    settings,
    segments: segments.map((entry) => ({ ...entry, numbers: entry.numbers.encode(), removed: entry.removed.encode() })),
  });
}

function refuseOtherVersion(value: unknown, path: string): void {
  const version = typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined;
  if (typeof version !== 'number' || Object.values<number>(VERSIONS).includes(version)) return;
  throw new FormatError(
    'CORPUS_VERSION',
    `${path} has version ${version}, this program reads versions ${VERSIONS.plain} to ${VERSIONS.withTerms}: use the program that wrote it`,
    { details: { path, version } },
  );
}

/** The lowest version that says what there is, so that programs of before read what they can. */
function versionOf(
  { passageSize, terms }: PackSettings,
  segments: readonly { readonly metadataBytes?: number | undefined }[],
): number {
  if (terms !== undefined) return VERSIONS.withTerms;
  if (passageSize !== undefined) return VERSIONS.withPassages;
  return segments.some(({ metadataBytes }) => metadataBytes !== undefined) ? VERSIONS.withMetadata : VERSIONS.plain;
}
