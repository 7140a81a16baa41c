import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { CemError, closing, inStage, isCemError, type Listener } from '../../base/index.ts';
import type { LoadedStudent } from '../../checkpoints/index.ts';
import { type Document, SegmentedCorpus, stageCorpusUpdate, type UpdateReport } from '../../data/index.ts';
import { DEFAULT_LIMITS, type FigureCounts, ParseWorkers, type Unit, unitStatistics } from '../../ingest/index.ts';
import {
  CollectionFolder,
  type CollectionSources,
  type IndexingResult,
  joinCollection,
  keepHead,
  type SourceChanges,
  type SourceFileEntry,
  type SourceRoot,
  shareHeadOf,
  synchroniseIndex,
  unitIds,
} from '../../rag/index.ts';
import { inPackStages } from '../pack/pack.ts';
import { listenerOf } from '../shared/call.ts';
import { given } from '../shared/given.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import { recognitionFolder } from '../shared/recognition-folder.ts';
import { refuseOtherSettings } from './collection-making.ts';
import { compareSources, type SourceComparison } from './compare-sources.ts';
import { DocumentSpool } from './document-spool.ts';
import { type CollectionSettings, type IngestOptions, type IngestResult, settingsOfCollection } from './ingest-options.ts';
import { countFiles, openCheckpoint, openCollectionFolder } from './ingest-target.ts';
import type { ParsedSource } from './parse-content.ts';
import { parseFiles } from './parse-files.ts';
import { ResumableEncoder } from './resumable-encoder.ts';
import { type OpenRoot, openRoots } from './source-roots.ts';
import { type GroupsSettings, makeUnitGroups, openCollectionGroups, rememberGroups, type UnitGroups } from './unit-groups.ts';
import { unitPacking, unitTools } from './unit-tools.ts';

/** Files that are parsed at once; some wait for their turn to be written. */
const FILES_AHEAD = 8;
/** Processes that parse; no more than there are files. */
const MOST_WORKERS = 4;
/** Warnings that are kept. */
const MOST_WARNINGS = 200;

/**
 * Brings a collection to the state of files: new ones are parsed, cut into units, packed and indexed; changed ones replaced; those that are gone taken out. It happens in one moment at
 * the end: until then, and after a kill at any time, the collection is as it was. A file that cannot be read is reported, and the others go in.
 *
 * Memory: texts, vectors and rows pass through files and the database; what stays for each file until the end is its entry in the list of files, the sizes of its units and, while it is indexed,
 * a key for each vector, some 3 kB together. The rest is the encoder, the database (190 MB) and a block of terms at a time, whatever the number of files.
 *
 * @throws CemError `COLLECTION_ROOM` where the disk is full; UsageError `INGEST_PATH`, `INGEST_NOTHING`, `INGEST_NAME`, `CHECKPOINT_NEEDED`, `UNIT_OPTIONS`, `COLLECTION_SETTINGS`; CemError `INGEST_EMPTY` where a new collection would have nothing, `FOLDER_LOCKED` while another process changes or searches it; and what
 *   `CollectionFolder.openForWriting`, `stageCorpusUpdate` and `loadStudent` throw
 */
export async function ingest(options: IngestOptions): Promise<IngestResult> {
  try {
    return await ingestFiles(options);
  } catch (error) {
    throw diskError(resolve(options.into), error);
  }
}

/** Of a disk that is full, where an error that is not ours says so. */
const FULL = ['ENOSPC', 'EDQUOT'];

/** What a write that found no room becomes, wherever it was. */
function diskError(path: string, error: unknown): unknown {
  const { code = '', message } = (error ?? {}) as NodeJS.ErrnoException;
  if (isCemError(error) || !FULL.includes(code)) return error;
  return new CemError(
    'COLLECTION_ROOM',
    `the disk of ${path} is full (${message}): make room, and ingest again; the collection is as it was`,
    { details: { path }, cause: error },
  );
}

async function ingestFiles(options: IngestOptions): Promise<IngestResult> {
  const start = performance.now();
  const listener = listenerOf(options);
  const path = resolve(options.into);
  const { paths = [], forget = [], format, labels } = options;
  const { segments, database } = options;
  const made = await (segments === undefined ? CollectionFolder.manifestOf(path) : joinCollection(path, segments, database));
  // What is wrong with the wishes is said before anything is loaded.
  await refuseOtherSettings(path, made, options);
  const recognition = recognitionFolder(options.ocrModels, modelsFolder(options.models));
  const named = paths.length > 0 ? await openRoots(paths, [], path) : [];
  using checkpoint = await openCheckpoint(made, named, options, listener);
  await using collection = await openCollectionFolder(path, checkpoint, options);
  const settings = settingsOfCollection(path, collection.manifest.settings);
  await keepHead(path, settings.groups?.head, options.groups?.head);
  await shareHeadOf(collection, options.groups?.head);
  const sources = await collection.sources();
  const roots = paths.length === 0 && forget.length > 0 ? [] : await openRoots(paths, sources.roots, path);
  const inputBytes = options.limits?.inputBytes ?? DEFAULT_LIMITS.inputBytes;
  const comparison = await compareSources(sources, roots, {
    format,
    labels,
    forget,
    collection: path,
    inputBytes,
    recognises: recognition !== undefined,
    listener,
  });
  const parsed = await parseAll(collection, comparison, settings, { ...options, recognition }, listener);
  const next: CollectionSources = {
    roots: nextRoots(sources.roots, roots, forget),
    files: [...comparison.others, ...comparison.same, ...parsed.entries].sort((left, right) => (left.path < right.path ? -1 : 1)),
  };
  const report = await packUnits(collection, comparison, { ...parsed, settings }, listener);
  const changes = {
    put: parsed.entries.filter(({ documents }) => documents.length > 0).map(({ path: file }) => file),
    removed: comparison.gone.map(({ path: file }) => file),
  };
  const change = { report, sources: next, changes, documents: parsed.documents, groups: settings.groups };
  const index = await changeState(collection, checkpoint, change, { listener, models: modelsFolder(options.models) });
  const { documents = 0, chunks = 0, passages = 0 } = collection.state ?? {};
  return {
    collection: path,
    roots: next.roots,
    files: { ...countFiles(comparison), failed: next.files.filter(({ problem }) => problem !== undefined).length },
    bytes: parsed.bytes,
    problems: [
      ...next.files.flatMap(({ path: file, problem }) => (problem ? [{ path: file, ...problem, kept: false }] : [])),
      ...[...comparison.unread, ...parsed.unread].map((file) => ({ ...file, code: 'FILE_OPEN', kept: true })),
    ],
    warnings: parsed.warnings,
    units: unitStatistics(parsed.units, settings.units),
    pruned: parsed.pruned,
    figures: parsed.figures,
    documents,
    chunks,
    passages,
    ...(index && { index }),
    seconds: (performance.now() - start) / 1000,
  };
}

/** Roots keep their places; those that are named now come last where they are new. */
function nextRoots(known: readonly SourceRoot[], named: readonly OpenRoot[], forget: readonly string[]): SourceRoot[] {
  const added = named.filter(({ name }) => !known.some((root) => root.name === name));
  return [...known.filter(({ name }) => !forget.includes(name)), ...added.map(({ name, path }) => ({ name, path }))];
}

/** What came out of the files that had to be parsed. */
interface ParsedFiles {
  readonly entries: readonly SourceFileEntry[];
  /** Their units, in a file. */
  readonly documents: () => AsyncIterable<Document>;
  readonly units: readonly (readonly Unit[])[];
  readonly bytes: number;
  readonly warnings: readonly string[];
  readonly pruned: number;
  readonly figures: IngestResult['figures'];
  /** Files that the disk did not give, and that stay as they were known. */
  readonly unread: readonly { readonly path: string; readonly message: string }[];
}

async function parseAll(
  collection: CollectionFolder,
  { toParse }: SourceComparison,
  settings: CollectionSettings,
  { format, signal, limits, recognition }: IngestOptions & { readonly recognition: string | undefined },
  listener: Listener,
): Promise<ParsedFiles> {
  await using spool = await DocumentSpool.create(join(collection.workPath, 'documents.jsonl'));
  const entries: SourceFileEntry[] = [];
  const units: (readonly Unit[])[] = [];
  const warnings: string[] = [];
  const unread: { path: string; message: string }[] = [];
  let [bytes, pruned] = [0, 0];
  let figures = NO_FIGURES;
  const stored = new Set<string>();
  if (toParse.length === 0) {
    const documents = await spool.finish();
    return { entries, documents, units, bytes, pruned, figures: { ...figures, stored: 0 }, warnings, unread };
  }
  const total = toParse.reduce((sum, { file }) => sum + file.bytes, 0);
  const workers = Math.min(MOST_WORKERS, availableParallelism(), toParse.length);
  await using threads = new ParseWorkers({ workers, recognition, ...given({ limits }) });
  await using tools = await unitTools(collection.manifest, settings);
  const parsing = {
    threads,
    units: settings.units,
    prune: settings.prune,
    pruneNoise: settings.pruneNoise,
    figures: settings.figures,
    periods: settings.periods,
    tools,
    format,
    signal,
  };
  await inStage(
    listener,
    'parsing',
    async (stage) => {
      let place = 0;
      for await (const parsed of parseFiles(toParse, parsing, FILES_AHEAD)) {
        const { file, known } = toParse[place++]!;
        bytes += file.bytes;
        pruned += parsed.pruned;
        if (parsed.unread && known !== undefined) {
          entries.push(known);
          unread.push({ path: file.path, message: parsed.entry.problem?.message ?? '' });
        } else {
          entries.push(parsed.entry);
          await spool.add(parsed.documents);
          for (const picture of parsed.pictures) stored.add(await collection.newFigures.put(picture));
          figures = addFigures(figures, parsed.figures);
          for (const cut of parsed.units) units.push(cut.map(sizeOnly));
          warnings.push(...parsed.warnings.slice(0, MOST_WARNINGS - warnings.length));
        }
        stage.progress(bytes, total, `${place} of ${toParse.length} files`);
      }
    },
    () => `${toParse.length} files, ${(bytes / 1e6).toFixed(1)} MB`,
  );
  const documents = await spool.finish();
  return { entries, documents, units, bytes, pruned, figures: { ...figures, stored: stored.size }, warnings, unread };
}

const NO_FIGURES: ParsedSource['figures'] = {
  described: 0,
  leftOut: { small: 0, plain: 0, unreadable: 0, large: 0, repeated: 0 },
};

function addFigures(before: ParsedSource['figures'], { described, leftOut }: ParsedSource['figures']): ParsedSource['figures'] {
  const sums = Object.entries(before.leftOut).map(([why, count]) => [why, count + leftOut[why as keyof FigureCounts]]);
  return { described: before.described + described, leftOut: Object.fromEntries(sums) as FigureCounts };
}

/** What is counted of a unit: its text need not stay in memory. */
function sizeOnly({ tokens, startsAt }: Unit): Unit {
  return { text: '', headings: [], tokens, startsAt };
}

/** Packs what was parsed as a staged change of the corpus. */
async function packUnits(
  collection: CollectionFolder,
  { toParse, gone }: SourceComparison,
  { documents, entries, unread, settings }: ParsedFiles & { readonly settings: CollectionSettings },
  listener: Listener,
): Promise<UpdateReport | undefined> {
  const kept = new Set(unread.map(({ path }) => path));
  const replaced = toParse.flatMap(({ known }) => (known === undefined || kept.has(known.path) ? [] : [known]));
  const remove = [...gone, ...replaced].flatMap(unitIds);
  if (toParse.length === 0 && remove.length === 0) return undefined;
  const packing = await unitPacking(settings);
  try {
    return await inPackStages({ listener }, (onProgress) =>
      stageCorpusUpdate(collection.corpusPath, collection.state?.corpus, { documents, remove }, { ...packing, onProgress }),
    );
  } catch (error) {
    if (!isCemError(error) || error.code !== 'PACK_EMPTY_CORPUS') throw error;
    // The files that came have no text, or could not be read: that is said of each.
    if (collection.state !== undefined) return undefined;
    throw nothingIngested(collection.path, entries, error);
  }
}

/** Problems that an error names. */
const NAMED_PROBLEMS = 3;

function nothingIngested(path: string, entries: readonly SourceFileEntry[], cause: unknown): CemError {
  const problems = entries.flatMap(({ problem }) => problem ?? []);
  const named = problems.slice(0, NAMED_PROBLEMS).map(({ message }) => message);
  const why = named.length === 0 ? 'none of them has a text' : named.join('; ');
  return new CemError(
    'INGEST_EMPTY',
    `nothing was ingested into ${path}: of ${entries.length} files none could be used (${why}): name files that have a text`,
    { details: { path, problems }, cause },
  );
}

interface StateChange {
  readonly report: UpdateReport | undefined;
  readonly sources: CollectionSources;
  readonly changes: SourceChanges;
  /** Units that were parsed now. */
  readonly documents: () => AsyncIterable<Document>;
  /** Undefined where the collection has no vector groups. */
  readonly groups: GroupsSettings | undefined;
}

/** Indexes a staged change and makes it the collection's state, with the list of files; where nothing changed but that list, the list alone. */
async function changeState(
  collection: CollectionFolder,
  { student, hash }: LoadedStudent,
  { report, sources, changes, documents, groups }: StateChange,
  { listener, models }: { readonly listener: Listener; readonly models: string | undefined },
): Promise<IndexingResult | undefined> {
  const state = report?.state;
  if (state === undefined || state === collection.state?.corpus) {
    await collection.replaceSources(sources);
    return undefined;
  }
  await using corpus = await SegmentedCorpus.open(collection.corpusPath, { state });
  await using encoder = await ResumableEncoder.open(collection.vectorsPath, student, hash);
  const changed = new Set(report?.segment === null ? [] : corpus.segments.at(-1)!.ids());
  await using made =
    groups === undefined || changed.size === 0
      ? undefined
      : await groupsOfUnits({
          ...{ collection, settings: groups, student, models, corpus, documents: documents(), changed, listener },
        });
  const result = await inStage(
    listener,
    'indexing',
    (stage) =>
      collection.commit({
        corpus: state,
        sources,
        changes,
        synchronise: async (store) => {
          await rememberGroups(store, made);
          return synchroniseIndex(corpus, encoder, store, {
            onProgress: (done, total) => stage.progress(done, total),
            groupsOf: made && ((chunk) => made.groupsOf(chunk)),
          });
        },
      }),
    ({ documents, passages, encoded }) => `${documents} units, ${encoded} of ${passages} passages encoded`,
  );
  await encoder.forget();
  return result;
}

async function groupsOfUnits(input: Omit<Parameters<typeof makeUnitGroups>[0], 'groups'>): Promise<UnitGroups> {
  const groups = await openCollectionGroups(input.collection, input.settings, input.models);
  await using _ = closing(() => groups.encoder.dispose());
  // Awaited here: the encoder goes when this returns.
  return await makeUnitGroups({ ...input, groups });
}
