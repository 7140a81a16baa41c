import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isCemError } from '../../base/index.ts';
import type { LoadedStudent } from '../../checkpoints/index.ts';
import { checkedDocument, type Document, openApart, packApart } from '../../data/index.ts';
import type { ChunkEncoder } from '../../encoders/index.ts';
import {
  type CollectionFolder,
  type PackedUnits,
  prepareIndexChange,
  type SharedAddition,
  type SourceFileEntry,
  type SourceRoot,
} from '../../rag/index.ts';
import { metadataJson } from '../../search/index.ts';
import type { CollectionSettings } from '../ingest/ingest-options.ts';
import type { ParsedSource, ParseTools } from '../ingest/parse-content.ts';
import { parseFiles } from '../ingest/parse-files.ts';
import { isParsedWell } from '../ingest/parser-names.ts';
import { unitPacking } from '../ingest/unit-tools.ts';
import type { PutFileJob } from './file-job.ts';
import { isTransientFailure, type JobFailure } from './job-failure.ts';
import type { JobLease, JobOutcome, TakenJob } from './job-queue.ts';

/** Files that are parsed at once. */
const FILES_AHEAD = 8;
/** What is wrong with one file, and with nothing else. */
const OF_FILE: ReadonlySet<string> = new Set(['DATA_FIELD', 'VECTOR_STORE_METADATA', 'VECTOR_STORE_ID']);

/** What the jobs of a worker are done with. */
export interface BatchTools {
  readonly collection: CollectionFolder;
  readonly settings: CollectionSettings;
  readonly student: () => Promise<LoadedStudent>;
  readonly parsing: Omit<ParseTools, 'format'>;
  /** Whether texts in pictures can be read. */
  readonly recognises: boolean;
  /** Resolves when this worker does not have the turn: what computes then would hold up all others. */
  readonly outOfTurn: () => Promise<void>;
  /** Told what is being done. */
  readonly onStage: (doing: string) => void;
}

/** Jobs that were read. */
export interface ParsedBatch {
  readonly lease: JobLease;
  readonly entries: readonly SourceFileEntry[];
  readonly documents: readonly Document[];
  readonly roots: readonly SourceRoot[];
  readonly remove: readonly string[];
  /** Jobs whose files could not be read. */
  readonly outcome: JobOutcome;
}

/**
 * Parses the files of jobs.
 *
 * @throws the signal's reason, and errors that are none of a file's
 */
export async function parseBatch(lease: JobLease, tools: BatchTools): Promise<ParsedBatch> {
  tools.onStage(`parses ${lease.jobs.length} files`);
  const puts = lease.jobs.flatMap((taken) => (taken.job.kind === 'put' ? [{ ...taken, job: taken.job }] : []));
  const removes = lease.jobs.flatMap(({ job }) => (job.kind === 'remove' ? [job] : []));
  const known = new Map((await tools.collection.sources()).files.map((entry) => [entry.path, entry]));
  const [aside, again] = [new Map<string, JobFailure>(), new Map<string, JobFailure>()];
  const entries: SourceFileEntry[] = [];
  const documents: Document[] = [];
  for await (const [taken, parsed] of parsedFiles(puts, tools)) {
    const failure = failureOfFile(parsed);
    if (failure !== undefined && isTransientFailure(failure)) {
      again.set(taken.id, failure);
      continue;
    }
    if (failure !== undefined) aside.set(taken.id, failure);
    const there = known.get(parsed.entry.path);
    if (there !== undefined && isThere(there, parsed.entry, tools.recognises)) continue;
    entries.push(parsed.entry);
    documents.push(...parsed.documents);
  }
  const outcome = { aside, again };
  const roots = new Map(lease.jobs.map(({ job }) => [job.root.name, job.root]));
  return { lease, entries, documents, roots: [...roots.values()], remove: removes.map(({ path }) => path), outcome };
}

type TakenFile = TakenJob & { readonly job: PutFileJob };

/** Files of one format after the other: what is asked for is the same for all that are parsed together. */
async function* parsedFiles(
  jobs: readonly TakenFile[],
  { parsing }: BatchTools,
): AsyncGenerator<readonly [TakenFile, ParsedSource]> {
  for (const format of new Set(jobs.map(({ job }) => job.format))) {
    const some = jobs.filter(({ job }) => job.format === format);
    const files = some.map(({ job: { path, location, bytes, labels } }) => ({
      file: { path, location, bytes, hash: undefined },
      labels,
    }));
    let place = 0;
    for await (const parsed of parseFiles(files, { ...parsing, format }, FILES_AHEAD)) yield [some[place++]!, parsed];
  }
}

/** Whether the collection has a file as it was read now. */
export function isThere(known: SourceFileEntry, coming: SourceFileEntry, recognises: boolean): boolean {
  if (known.hash !== coming.hash || JSON.stringify(known.labels) !== JSON.stringify(coming.labels)) return false;
  if (JSON.stringify(known.shows) !== JSON.stringify(coming.shows)) return false;
  if (known.problem !== undefined || coming.problem !== undefined) return known.problem?.code === coming.problem?.code;
  return known.parser === coming.parser || isParsedWell(known.parser, recognises);
}

function failureOfFile({ entry: { problem }, documents }: ParsedSource): JobFailure | undefined {
  if (problem !== undefined) return problem;
  try {
    for (const document of documents) metadataJson({ document: document.id, metadata: checkedDocument(document).metadata });
    return undefined;
  } catch (error) {
    if (isCemError(error) && OF_FILE.has(error.code)) return { code: error.code, message: error.message };
    throw error;
  }
}

/** What was packed and encoded, with its files until it is released. */
export interface PackedBatch extends AsyncDisposable {
  readonly addition: SharedAddition;
}

/**
 * Packs and encodes what was parsed; no turn is needed, and nothing of the collection is changed.
 *
 * @throws what packing and encoding throw
 */
export async function packBatch(parsed: ParsedBatch, tools: BatchTools): Promise<PackedBatch> {
  const { entries: put, remove, roots, documents } = parsed;
  const folder = join(tools.collection.workPath, `batch-${randomUUID()}`);
  try {
    const packed = documents.length === 0 ? undefined : await packUnits(folder, documents, tools);
    return {
      addition: { put, remove, roots, packed },
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function packUnits(
  folder: string,
  documents: readonly Document[],
  { collection, settings, student, outOfTurn, onStage }: BatchTools,
): Promise<PackedUnits> {
  onStage(`packs ${documents.length} units`);
  const { shared, store } = collection;
  await collection.refresh();
  const manifest = shared?.shared?.manifest;
  const dictionary = await shared?.dictionary();
  const corpus = manifest && dictionary && { settings: manifest.settings, dictionary };
  const units = async function* () {
    yield* documents;
  };
  await outOfTurn();
  const segment = await packApart(folder, units, corpus, await unitPacking(settings));
  await using packed = await openApart(segment);
  onStage(`encodes ${documents.length} units`);
  const { student: encoder } = await student();
  const polite: ChunkEncoder = {
    dimension: encoder.dimension,
    async encodeChunks(...words) {
      await outOfTurn();
      return encoder.encodeChunks(...words);
    },
  };
  const index = await prepareIndexChange(packed, polite, store, { changed: [...packed.ids()], gone: [] });
  return { segment, dictionary: packed.dictionary, index };
}
