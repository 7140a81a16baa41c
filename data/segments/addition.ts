import { CemError, UsageError } from '../../base/index.ts';
import { type Document, documentText } from '../documents/document.ts';
import { checkedDocument, recordOf } from '../documents/document-metadata.ts';
import { DocumentReader } from '../mapping/document-reader.ts';
import { IdTable } from '../mapping/id-table.ts';
import { saysSomething } from '../metadata/document-record.ts';
import { isSameRecord } from '../metadata/metadata-block.ts';
import { type PackManifest, type PackOptions, packCorpus } from '../packing/pack.ts';
import { passageSettingsOf } from '../packing/passage-options.ts';
import { changeCorpus, type NextCorpus } from './corpus-change.ts';
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
 * @throws CemError `CORPUS_OVERFLOW`, `PACK_DUPLICATE_ID`, and as `packCorpus` and `changeCorpus`
 */
export async function addToCorpus(
  folder: string,
  documents: () => AsyncIterable<Document>,
  options: AddOptions = {},
): Promise<AddReport> {
  const { result, generation } = await changeCorpus(folder, { create: true }, async ({ corpus, segmentFile, segmentPath }) => {
    const settings = settingsOf(corpus, options);
    passageSettingsOf(settings);
    const changed = new ChangedDocuments(documents, corpus);
    const packed = await packCorpus(() => changed.read(), segmentPath, {
      ...settings,
      ...(corpus === undefined || corpus.segments.length === 0 ? {} : { dictionary: corpus.dictionary }),
      ...(options.workers === undefined ? {} : { workers: options.workers }),
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    }).catch((error: unknown) => {
      if (error instanceof CemError && error.code === 'PACK_EMPTY_CORPUS' && changed.unchanged > 0) return undefined;
      throw error;
    });
    const next = packed === undefined ? undefined : await nextCorpus(corpus, settings, packed, segmentFile);
    const replaced = next?.replaced ?? 0;
    const added = (packed?.documents ?? 0) - replaced;
    return {
      next,
      result: {
        added,
        replaced,
        unchanged: changed.unchanged,
        empty: packed?.emptyDocuments ?? 0,
        segment: packed === undefined ? null : segmentFile,
        chunks: packed?.chunks ?? 0,
        passages: packed?.passages ?? 0,
        textBytes: packed?.textBytes ?? 0,
        bytes: packed === undefined ? 0 : packed.containerBytes + packed.mappingBytes + packed.metadataBytes,
        documents: (corpus?.documentCount ?? 0) + added,
      },
    };
  });
  return { path: folder, generation, ...result };
}

/**
 * What the manifest says of a segment that was just packed.
 *
 * @param firstNumber of its chunks in the corpus
 * @throws CemError `CORPUS_OVERFLOW`
 */
export function newSegment(reader: DocumentReader, packed: PackManifest, file: string, firstNumber: number): SegmentEntry {
  if (firstNumber + packed.chunks > LARGEST_CHUNK_NUMBER) {
    throw new CemError(
      'CORPUS_OVERFLOW',
      `the corpus has given ${firstNumber} chunk numbers of ${LARGEST_CHUNK_NUMBER}, and ${packed.chunks} more are too many: make another corpus`,
      { details: { given: firstNumber, wanted: packed.chunks } },
    );
  }
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

/** The documents of a source that the corpus does not have as they are. */
class ChangedDocuments {
  readonly #documents: () => AsyncIterable<Document>;
  readonly #corpus: SegmentedCorpus | undefined;
  /** Documents that the last reading passed over. */
  unchanged = 0;

  constructor(documents: () => AsyncIterable<Document>, corpus: SegmentedCorpus | undefined) {
    this.#documents = documents;
    this.#corpus = corpus;
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

async function nextCorpus(
  corpus: SegmentedCorpus | undefined,
  settings: PackSettings,
  packed: PackManifest,
  file: string,
): Promise<NextCorpus & { replaced: number }> {
  const reader = await DocumentReader.open(packed.output);
  try {
    const firstNumber = corpus?.manifest.nextChunk ?? 0;
    const entry = newSegment(reader, packed, file, firstNumber);
    const before = corpus === undefined ? undefined : withoutDocuments(corpus, reader.ids());
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
function settingsOf(corpus: SegmentedCorpus | undefined, options: AddOptions): PackSettings {
  const made = allOf(corpus?.manifest.settings ?? { ...DEFAULT_SETTINGS, passageSize: options.newPassageSize });
  const asked: Required<PackSettings> = {
    level: options.level ?? made.level,
    targetChunkSize: options.targetChunkSize ?? made.targetChunkSize,
    dictionarySize: options.dictionarySize ?? made.dictionarySize,
    dictionaryBorders: options.dictionaryBorders ?? made.dictionaryBorders,
    plainLiterals: options.plainLiterals ?? made.plainLiterals,
    passageSize: options.passageSize ?? made.passageSize,
    passageOverlap: options.passageOverlap ?? made.passageOverlap,
  };
  if (corpus !== undefined) refuseOtherSettings(corpus.path, made, asked);
  const { passageSize, passageOverlap, ...others } = asked;
  return { ...others, ...(passageSize !== 0 && { passageSize }), ...(passageOverlap !== 0 && { passageOverlap }) };
}

/** Settings with what is said of passages when nothing is. */
function allOf({ passageSize = 0, passageOverlap = 0, ...others }: PackSettings): Required<PackSettings> {
  return { ...others, passageSize, passageOverlap };
}

function refuseOtherSettings(path: string, made: Required<PackSettings>, asked: Required<PackSettings>): void {
  for (const key of Object.keys(asked) as (keyof PackSettings)[]) {
    if (asked[key] === made[key]) continue;
    throw new UsageError(
      'CORPUS_SETTINGS',
      `${path} was made with ${key} ${made[key]}, and ${asked[key]} was asked for: leave it out, or make another corpus`,
      { details: { path, key, made: made[key], asked: asked[key] } },
    );
  }
}
