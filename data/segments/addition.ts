import { dirname } from 'node:path';
import { CemError, UsageError } from '../../base/index.ts';
import { type Document, documentText } from '../documents/document.ts';
import { checkedDocument, recordOf } from '../documents/document-metadata.ts';
import { DocumentReader } from '../mapping/document-reader.ts';
import { IdTable } from '../mapping/id-table.ts';
import { saysSomething } from '../metadata/document-record.ts';
import { isSameRecord } from '../metadata/metadata-block.ts';
import { analyzerText, type TermAnalyzer } from '../metadata/term-analyzer.ts';
import { type PackManifest, type PackOptions, packCorpus } from '../packing/pack.ts';
import { passageSettingsOf } from '../packing/passage-options.ts';
import { type OpenTerms, openCorpusAnalyzer } from './corpus-analyzer.ts';
import { type CorpusBefore, changeCorpus, type NextCorpus } from './corpus-change.ts';
import { LARGEST_CHUNK_NUMBER, type PackSettings, type SegmentEntry } from './manifest.ts';
import { NumberRuns } from './number-runs.ts';
import { withoutDocuments } from './removal.ts';
import type { SegmentedCorpus } from './segmented-corpus.ts';

const DEFAULT_SETTINGS: PackSettings = {
  level: 19,
  targetChunkSize: 4096,
  dictionarySize: 65536,
  dictionaryBorders: 'any',
  plainLiterals: false,
};

/** As `packCorpus` takes them. How the segments of a new corpus are packed; with a corpus that is there only what it was made with. */
export interface AddOptions
  extends Pick<
    PackOptions,
    | 'level'
    | 'targetChunkSize'
    | 'dictionarySize'
    | 'dictionaryBorders'
    | 'plainLiterals'
    | 'passageSize'
    | 'passageOverlap'
    | 'workers'
    | 'onProgress'
  > {
  /** The analyzer of the terms that a new corpus keeps, or that of the corpus that is there; by default a new one keeps none, and one that is there what it was made with. */
  readonly terms?: TermAnalyzer | 'none' | undefined;
  /** Opens the analyzer of a corpus that keeps terms, where `terms` is not given. */
  readonly openTerms?: OpenTerms | undefined;
  /** The size of passages in a corpus that is made new, where `passageSize` says none; 0 by default. */
  readonly newPassageSize?: number;
}

/** What `addToCorpus` did; all sizes are bytes. */
export interface AddReport {
  readonly path: string;
  readonly generation: number;
  /** Documents with an id that the corpus did not have. */
  readonly added: number;
  /** Documents whose text or metadata differed from what the corpus had. */
  readonly replaced: number;
  /** Documents that the corpus had with this very text and metadata: nothing of them changed. */
  readonly unchanged: number;
  /** How many of the documents added and replaced have no text, and so nothing to be found by. */
  readonly empty: number;
  /** The new segment's file; null when nothing changed. */
  readonly segment: string | null;
  /** Chunks of the new segment; 0 when nothing changed. */
  readonly chunks: number;
  /** Passages of these chunks; a chunk that is its own one passage counts as one. */
  readonly passages: number;
  readonly textBytes: number;
  readonly bytes: number;
  /** All documents of the corpus. */
  readonly documents: number;
}

/**
 * Adds documents to a corpus, in a segment of their own, and makes the corpus when there is none. A document whose id is there replaces the one that had it,
 * unless its text and metadata are the same: so adding a whole source again costs what changed of it. The first segment's dictionary serves all of them.
 *
 * @throws UsageError `CORPUS_SETTINGS` when the corpus was made with other settings
 * @throws CemError `CORPUS_ANALYZER`, `CORPUS_OVERFLOW`, `PACK_DUPLICATE_ID`, and as `packCorpus` and `changeCorpus`
 */
export async function addToCorpus(
  folder: string,
  documents: () => AsyncIterable<Document>,
  options: AddOptions = {},
): Promise<AddReport> {
  const { result, generation } = await changeCorpus(folder, { create: true }, (before) =>
    packAddition(before, { documents, remove: [] }, options),
  );
  const { removed: _, removedChunks: __, ...report } = result;
  return { path: folder, generation, ...report };
}

/** What comes and what goes in one change. */
export interface CorpusUpdate {
  /** Read twice. */
  readonly documents: () => AsyncIterable<Document>;
  /** Ids of documents that go; those that the corpus does not have are passed over, and those that come again stay. */
  readonly remove: Iterable<string>;
}

/** What `stageCorpusUpdate` did. */
export interface UpdateReport extends AddReport {
  /** Documents that went without another in their place. */
  readonly removed: number;
  /** Name of what the corpus holds from now on; undefined when there is none. */
  readonly state: string | undefined;
}

/**
 * Adds and removes documents in one change, which does not count before `settleCorpus` is told the report's state: readers who ask for that state (`SegmentedCorpus.open`) see the new
 * corpus, all others the old one.
 *
 * @param before the state that the corpus has; an earlier staged change that was not settled is settled by it first
 * @throws as `addToCorpus`; CemError `CORPUS_STATE`
 */
export async function stageCorpusUpdate(
  folder: string,
  before: string | undefined,
  update: CorpusUpdate,
  options: AddOptions = {},
): Promise<UpdateReport> {
  const { result, generation, state } = await changeCorpus(folder, { create: true, stageAfter: { state: before } }, (corpus) =>
    packAddition(corpus, update, options),
  );
  const { removedChunks: _, ...report } = result;
  return { path: folder, generation, state, ...report };
}

/** Packs what comes into a new segment, and says what the corpus consists of then. */
async function packAddition(
  { corpus, segmentFile, segmentPath }: CorpusBefore,
  { documents, remove }: CorpusUpdate,
  options: AddOptions,
): Promise<{
  next: NextCorpus | undefined;
  result: Omit<UpdateReport, 'path' | 'generation' | 'state'> & { readonly removedChunks: number };
}> {
  const settings = settingsOf(corpus, options);
  passageSettingsOf(settings);
  const { terms: analyzer } = settings;
  const terms =
    analyzer && (given(options.terms) ?? (await openCorpusAnalyzer(dirname(segmentPath), analyzer, options.openTerms)));
  const leaving = new Set(remove);
  const changed = new ChangedDocuments(documents, corpus, leaving);
  const packed = await packCorpus(() => changed.read(), segmentPath, {
    ...packingOf(settings, { ...options, terms }),
    ...(corpus === undefined || corpus.segments.length === 0 ? {} : { dictionary: corpus.dictionary }),
  }).catch((error: unknown) => {
    const nothingNew = changed.unchanged > 0 || leaving.size > 0;
    if (error instanceof CemError && error.code === 'PACK_EMPTY_CORPUS' && nothingNew) return undefined;
    throw error;
  });
  const before = corpus === undefined ? undefined : withoutDocuments(corpus, leaving);
  const next =
    packed === undefined ? shrunken(corpus, before) : await nextCorpus(corpus, settings, { packed, file: segmentFile, leaving });
  const removed = before?.removedDocuments ?? 0;
  const replaced = next === undefined || packed === undefined ? 0 : next.replaced - removed;
  const added = (packed?.documents ?? 0) - replaced;
  return {
    next,
    result: {
      added,
      replaced,
      removed,
      removedChunks: before?.removedChunks ?? 0,
      unchanged: changed.unchanged,
      empty: packed?.emptyDocuments ?? 0,
      segment: packed === undefined ? null : segmentFile,
      chunks: packed?.chunks ?? 0,
      passages: packed?.passages ?? 0,
      textBytes: packed?.textBytes ?? 0,
      bytes: packed === undefined ? 0 : packed.containerBytes + packed.mappingBytes + packed.metadataBytes,
      documents: (corpus?.documentCount ?? 0) + added - removed,
    },
  };
}

/** How a segment of a corpus with these settings is packed. */
export function packingOf(
  { terms: _, ...packing }: PackSettings,
  { terms, workers, onProgress }: Pick<AddOptions, 'terms' | 'workers' | 'onProgress'>,
): PackOptions {
  const analyzer = given(terms);
  return {
    ...packing,
    ...(analyzer && { terms: analyzer }),
    ...(workers === undefined ? {} : { workers }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
}

/**
 * What the manifest says of a segment that was just packed.
 *
 * @param firstNumber of its chunks in the corpus
 * @throws CemError `CORPUS_OVERFLOW`
 */
export function newSegment(reader: DocumentReader, packed: PackManifest, file: string, firstNumber: number): SegmentEntry {
  refuseOverflow(firstNumber, packed.chunks);
  return {
    file,
    bytes: packed.containerBytes,
    mappingBytes: packed.mappingBytes,
    ...(packed.metadataBytes > 0 && { metadataBytes: packed.metadataBytes }),
    fingerprint: reader.container.fingerprint,
    documents: packed.documents,
    chunks: packed.chunks,
    numbers: NumberRuns.of([{ first: firstNumber, count: packed.chunks }]),
    removedDocuments: 0,
    removed: NumberRuns.of([]),
  };
}

/** @throws CemError `CORPUS_OVERFLOW` */
export function refuseOverflow(given: number, wanted: number): void {
  if (given + wanted <= LARGEST_CHUNK_NUMBER) return;
  throw new CemError(
    'CORPUS_OVERFLOW',
    `the corpus has given ${given} chunk numbers of ${LARGEST_CHUNK_NUMBER}, and ${wanted} more are too many: make another corpus`,
    { details: { given, wanted } },
  );
}

/** The documents of a source that the corpus does not have as they are. */
class ChangedDocuments {
  readonly #documents: () => AsyncIterable<Document>;
  readonly #corpus: SegmentedCorpus | undefined;
  /** Ids of documents that are to go, until they are met. */
  readonly #leaving: Set<string>;
  /** Documents that the last reading passed over. */
  unchanged = 0;

  constructor(documents: () => AsyncIterable<Document>, corpus: SegmentedCorpus | undefined, leaving: Set<string>) {
    this.#documents = documents;
    this.#corpus = corpus;
    this.#leaving = leaving;
  }

  async *read(): AsyncGenerator<Document> {
    const seen = new IdTable();
    this.unchanged = 0;
    for await (const document of this.#documents()) {
      if (!seen.add(document.id, document.origin)) {
        throw new CemError(
          'PACK_DUPLICATE_ID',
          `the id ${JSON.stringify(document.id)} occurs twice, the second time in ${document.origin ?? `document ${seen.length + 1}`}: every document needs an id of its own`,
          { details: { id: document.id } },
        );
      }
      this.#leaving.delete(document.id);
      if (await this.#isThere(document)) this.unchanged += 1;
      else yield document;
    }
  }

  async #isThere(document: Document): Promise<boolean> {
    if (this.#corpus?.has(document.id) !== true) return false;
    // As bytes: what is not well-formed Unicode was stored as replacement characters.
    const isText = Buffer.from(documentText(document)).equals(Buffer.from(await this.#corpus.documentById(document.id)));
    if (!isText) return false;
    const [record, stored] = [recordOf(checkedDocument(document)), await this.#corpus.record(document.id)];
    const [says, said] = [saysSomething(record), saysSomething(stored)];
    return says && said ? isSameRecord(record, stored, document.id) : says === said;
  }
}

/** The corpus after documents went and none came; undefined when none went. */
function shrunken(
  corpus: SegmentedCorpus | undefined,
  without: ReturnType<typeof withoutDocuments> | undefined,
): (NextCorpus & { replaced: number }) | undefined {
  if (corpus === undefined || without === undefined || without.removedDocuments === 0) return undefined;
  const { nextChunk, settings } = corpus.manifest;
  return { nextChunk, settings, segments: without.segments, changesContent: true, replaced: 0 };
}

/** `replaced`: how many documents of before are gone. */
async function nextCorpus(
  corpus: SegmentedCorpus | undefined,
  settings: PackSettings,
  { packed, file, leaving }: { readonly packed: PackManifest; readonly file: string; readonly leaving: Iterable<string> },
): Promise<NextCorpus & { replaced: number }> {
  const reader = await DocumentReader.open(packed.output);
  try {
    const firstNumber = corpus?.manifest.nextChunk ?? 0;
    const entry = newSegment(reader, packed, file, firstNumber);
    const before = corpus === undefined ? undefined : withoutDocuments(corpus, new Set([...leaving, ...reader.ids()]));
    return {
      nextChunk: firstNumber + packed.chunks,
      settings,
      segments: [...(before?.segments ?? []), entry],
      changesContent: true,
      replaced: before?.removedDocuments ?? 0,
    };
  } finally {
    await reader.close();
  }
}

/** @throws UsageError `CORPUS_SETTINGS` */
export function settingsOf(
  corpus: { readonly path: string; readonly manifest: { readonly settings: PackSettings } } | undefined,
  options: AddOptions,
): PackSettings {
  const made = allOf(corpus?.manifest.settings ?? { ...DEFAULT_SETTINGS, passageSize: options.newPassageSize });
  const asked: AllSettings = {
    level: options.level ?? made.level,
    targetChunkSize: options.targetChunkSize ?? made.targetChunkSize,
    dictionarySize: options.dictionarySize ?? made.dictionarySize,
    dictionaryBorders: options.dictionaryBorders ?? made.dictionaryBorders,
    plainLiterals: options.plainLiterals ?? made.plainLiterals,
    passageSize: options.passageSize ?? made.passageSize,
    passageOverlap: options.passageOverlap ?? made.passageOverlap,
    terms: options.terms === undefined ? made.terms : termsText(given(options.terms)?.settings),
  };
  if (corpus !== undefined) refuseOtherSettings(corpus.path, made, asked);
  const { passageSize, passageOverlap, terms: _, ...others } = asked;
  const terms = given(options.terms)?.settings ?? corpus?.manifest.settings.terms;
  return {
    ...others,
    ...(passageSize !== 0 && { passageSize }),
    ...(passageOverlap !== 0 && { passageOverlap }),
    ...(terms && { terms }),
  };
}

/** All settings, the analyzer as a text. */
type AllSettings = Omit<Required<PackSettings>, 'terms'> & { readonly terms: string };

/** Settings with what is said of passages and terms when nothing is. */
function allOf({ passageSize = 0, passageOverlap = 0, terms, ...others }: PackSettings): AllSettings {
  return { ...others, passageSize, passageOverlap, terms: termsText(terms) };
}

const given = (terms: AddOptions['terms']): TermAnalyzer | undefined => (terms === 'none' ? undefined : terms);
const termsText = (terms: PackSettings['terms']): string => (terms === undefined ? 'none' : analyzerText(terms));

function refuseOtherSettings(path: string, made: AllSettings, asked: AllSettings): void {
  for (const key of Object.keys(asked) as (keyof AllSettings)[]) {
    if (asked[key] === made[key]) continue;
    throw new UsageError(
      'CORPUS_SETTINGS',
      `${path} was made with ${key} ${made[key]}, and ${asked[key]} was asked for: leave it out, or make another corpus`,
      { details: { path, key, made: made[key], asked: asked[key] } },
    );
  }
}
