import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type ByteSpan, batches, CemError, type OnProgress, type TermCounts } from '../../base/index.ts';
import { addUnread, type ChunkEncoder, type ChunkSource, type Unread } from '../../encoders/index.ts';
import {
  checkDocumentId,
  type MetadataRow,
  type RowMetadata,
  type StoredAnalyzer,
  type StoredRow,
  type TermRow,
  type VectorRow,
  type VectorStore,
} from '../../search/index.ts';
import { assertSameAnalyzer } from '../../search/lexical/index.ts';

/** Rows that go through the encoder in one call; a chunk's are never parted, so one that has more goes by itself. */
const ENCODE_ROWS = 64;
/** Rows gathered before they are written in one transaction; it ends with a whole document. */
const WRITE_ROWS = 512;
/** Documents whose stored rows are asked for at once. */
const LOOK_UP_DOCUMENTS = 1_000;
/** Ids deleted in one statement. */
const DELETE_DOCUMENTS = 5_000;
/** Hexadecimal digits kept of a fingerprint (64 bits): it is compared with the same chunk's earlier one only, so no birthday bound applies. */
const FINGERPRINT_DIGITS = 16;

/** What indexing reads: compressed chunks of documents that can be listed. No way to a text leads through it (invariant 1). */
export interface IndexSource extends ChunkSource {
  readonly documentCount: number;
  /** Every document's id once. */
  ids(): Iterable<string>;
  /** What is known of a chunk, or of one of its passages, beside its text, for the store's filters; a source without it has no metadata. */
  metadataOf?(chunk: number, passage?: number): Promise<RowMetadata | undefined>;
  /** What cut the terms that the source keeps; absent where it keeps none. */
  readonly termAnalyzer?: StoredAnalyzer | undefined;
  /** The terms of each of a chunk's passages, for a store that keeps terms. */
  termsOf?(chunk: number): Promise<readonly TermCounts[] | undefined>;
}

/** What a run of indexing did. */
export interface IndexingResult {
  readonly documents: number;
  readonly chunks: number;
  /** Passages of all chunks, each a row of the store. */
  readonly passages: number;
  /** Passages that went through the encoder; the others were in the store already. */
  readonly encoded: number;
  /** Passages that kept their vector and got new metadata. */
  readonly updated: number;
  /** Passages that kept their vector and got their terms; absent: none. */
  readonly termed?: number;
  /** Rows of documents that the source no longer has, or has changed. */
  readonly removed: number;
  /** Passages of the whole index whose vector is all zeros, as that of a text without words: no search finds them. */
  readonly empty: number;
  /** What of the passages that were encoded now their vectors do not cover; absent: nothing. */
  readonly unread?: Unread;
}

interface SourceChunk {
  readonly document: string;
  readonly chunk: number;
  readonly frame: Uint8Array;
  /** Undefined where the chunk is its own one passage. */
  readonly spans: readonly ByteSpan[] | undefined;
  /** One for each passage, in order. */
  readonly rows: readonly SourceRow[];
  /** Of each passage; undefined where the store keeps none. */
  readonly terms?: readonly TermCounts[] | undefined;
}

interface SourceRow {
  readonly document: string;
  readonly chunk: number;
  readonly passage: number;
  readonly fingerprint: Fingerprint;
  readonly metadata: RowMetadata | undefined;
}

/** What a row is compared by, in two parts: what its vector was made from, and its metadata (empty where it has none). */
interface Fingerprint {
  readonly vector: string;
  readonly metadata: string;
}

/** As a store keeps it; without metadata it is the vector's part alone. */
function fingerprintText({ vector, metadata }: Fingerprint): string {
  return metadata === '' ? vector : `${vector}.${metadata}`;
}

function readFingerprint(text: string): Fingerprint {
  const [vector = '', metadata = ''] = text.split('.');
  return { vector, metadata };
}

function digits(...parts: (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, FINGERPRINT_DIGITS);
}

/**
 * A chunk's vector depends on its frame and on the dictionary that the frame refers to, a passage's also on its span; the model is the index's as a whole. The function
 * takes a frame and gives one that takes passages of it, undefined for the whole.
 */
function fingerprinter(dictionary: Uint8Array): (frame: Uint8Array) => (span: ByteSpan | undefined) => string {
  const dictionaryDigest = createHash('sha256').update(dictionary).digest();
  return (frame) => {
    const chunk = digits(dictionaryDigest, frame);
    return (span) => (span === undefined ? chunk : digits(`${chunk} ${span.start} ${span.end}`));
  };
}

/** What is to be written, gathered until there are rows enough for one transaction. */
class Pending<Item> {
  readonly #write: (items: readonly Item[]) => Promise<void>;
  #items: Item[] = [];
  #rows = 0;

  constructor(write: (items: readonly Item[]) => Promise<void>) {
    this.#write = write;
  }

  /** @param rows that the items are */
  async add(items: readonly Item[], rows: number): Promise<void> {
    for (const item of items) this.#items.push(item);
    this.#rows += rows;
    if (this.#rows >= WRITE_ROWS) await this.flush();
  }

  async flush(): Promise<void> {
    const items = this.#items;
    this.#items = [];
    this.#rows = 0;
    if (items.length > 0) await this.#write(items);
  }
}

/**
 * Brings a store to the state of a source: every passage of every chunk of every document encoded once, and nothing else. Rows that are right already
 * stay untouched, so a run that was killed is finished by running it again, and a source that changed costs what changed; a change of metadata alone encodes nothing.
 * The source's chunks are read and encoded as they are stored, compressed: each once, with all of its passages. A document of which a passage changed is encoded anew as a whole.
 *
 * Where source and store keep terms, rows get their passages' terms with their vectors; rows that have a vector and lack their terms get them by themselves.
 *
 * @throws CemError `SEARCH_ANALYZER_OTHER` when the terms of source and store were cut by different analyzers; `INDEX_DIMENSION` when encoder and store disagree about the vectors' length; `VECTOR_STORE_ID`, before anything is encoded, for a document id
 *   that no store takes; `VECTOR_STORE_METADATA`
 */
export async function synchroniseIndex(
  source: IndexSource,
  encoder: ChunkEncoder,
  store: VectorStore,
  options: { onProgress?: OnProgress } = {},
): Promise<IndexingResult> {
  if (encoder.dimension !== store.dimension) {
    throw new CemError(
      'INDEX_DIMENSION',
      `the encoder makes vectors of ${encoder.dimension} values, and the index holds vectors of ${store.dimension}`,
      {
        details: { encoder: encoder.dimension, store: store.dimension },
      },
    );
  }
  for (const id of source.ids()) checkDocumentId(id);
  const termsOf = termReader(source, store);
  const fingerprint = fingerprinter(source.dictionary);
  let [documents, chunks, passages, encoded, updated, termed, removed] = [0, 0, 0, 0, 0, 0, 0];
  let unread: Unread | undefined;
  const changed = new Pending<SourceChunk>(async (some) => {
    const made = await encodeChunks(some, encoder, source.dictionary);
    await store.upsert(made.rows);
    encoded += made.rows.length;
    unread = addUnread(unread, made.unread);
  });
  const relabelled = new Pending<MetadataRow>(async (rows) => {
    await store.updateMetadata(rows);
    updated += rows.length;
  });
  const reworded = new Pending<TermRow>(async (rows) => {
    await store.updateTerms!(rows);
    termed += rows.length;
  });

  for (const ids of batches(source.ids(), LOOK_UP_DOCUMENTS)) {
    const stored = await storedRows(store, ids);
    for (const id of ids) {
      const read = await readDocument(source, id, fingerprint);
      const rows = read.flatMap((chunk) => chunk.rows);
      documents++;
      chunks += read.length;
      passages += rows.length;
      const known = stored.get(id);
      const sameVectors =
        known?.size === rows.length && rows.every((row) => known.get(keyOf(row))?.vector === row.fingerprint.vector);
      if (sameVectors) {
        const others = rows.filter((row) => known.get(keyOf(row))?.metadata !== row.fingerprint.metadata);
        const relabel = others.map((row) => ({ ...row, fingerprint: fingerprintText(row.fingerprint) }));
        await relabelled.add(relabel, relabel.length);
        if (termsOf !== undefined) {
          const wordless = await withTerms(read, termsOf, (row) => known.get(keyOf(row))?.terms !== true);
          await reworded.add(wordless, wordless.length);
        }
      } else {
        if (known !== undefined) removed += await store.deleteDocuments([id]);
        const whole =
          termsOf === undefined
            ? read
            : await Promise.all(read.map(async (chunk) => ({ ...chunk, terms: await termsOf(chunk.chunk) })));
        await changed.add(whole, rows.length);
      }
      options.onProgress?.(documents, source.documentCount);
    }
  }
  await changed.flush();
  await relabelled.flush();
  await reworded.flush();
  removed += await removeOthers(source, store, documents);
  const { empty } = await store.count();
  return {
    ...{ documents, chunks, passages, encoded, updated, removed, empty },
    ...(termed > 0 && { termed }),
    ...(unread && { unread }),
  };
}

type TermReader = (chunk: number) => Promise<readonly TermCounts[]>;

/** @returns undefined where source or store keep no terms */
function termReader(source: IndexSource, store: VectorStore): TermReader | undefined {
  if (source.termAnalyzer === undefined || store.termAnalyzer === undefined) return undefined;
  assertSameAnalyzer(store.termAnalyzer, { settings: source.termAnalyzer });
  return async (chunk) => {
    const terms = await source.termsOf?.(chunk);
    assert.ok(terms !== undefined, 'a source with an analyzer has the terms of its chunks');
    return terms;
  };
}

/** The terms of those rows that lack them. */
async function withTerms(
  chunks: readonly SourceChunk[],
  termsOf: TermReader,
  lacks: (row: SourceRow) => boolean,
): Promise<TermRow[]> {
  const rows: TermRow[] = [];
  for (const chunk of chunks) {
    const lacking = chunk.rows.filter(lacks);
    if (lacking.length === 0) continue;
    const terms = await termsOf(chunk.chunk);
    for (const { document, passage } of lacking) rows.push({ document, chunk: chunk.chunk, passage, terms: terms[passage]! });
  }
  return rows;
}

/** A row's place within its document. */
const keyOf = ({ chunk, passage }: Pick<StoredRow, 'chunk' | 'passage'>): string => `${chunk} ${passage}`;

type KnownRow = Fingerprint & Pick<StoredRow, 'terms'>;

async function storedRows(store: VectorStore, ids: readonly string[]): Promise<Map<string, Map<string, KnownRow>>> {
  const stored = new Map<string, Map<string, KnownRow>>();
  for (const row of await store.storedRows(ids)) {
    const rows = stored.get(row.document) ?? new Map<string, KnownRow>();
    const { terms } = row;
    stored.set(row.document, rows.set(keyOf(row), { ...readFingerprint(row.fingerprint), ...(terms && { terms }) }));
  }
  return stored;
}

async function readDocument(
  source: IndexSource,
  document: string,
  fingerprint: ReturnType<typeof fingerprinter>,
): Promise<SourceChunk[]> {
  const chunks: SourceChunk[] = [];
  for (const chunk of source.chunksOf(document)) {
    const frame = await source.compressedChunk(chunk);
    const spans = await source.passagesOf?.(chunk);
    const vectorOf = fingerprint(frame);
    const rows: SourceRow[] = [];
    for (const [passage, span] of (spans ?? [undefined]).entries()) {
      const metadata = await source.metadataOf?.(chunk, span && passage);
      const metadataDigits = metadata === undefined ? '' : digits(JSON.stringify(metadata));
      rows.push({ document, chunk, passage, metadata, fingerprint: { vector: vectorOf(span), metadata: metadataDigits } });
    }
    chunks.push({ document, chunk, frame, spans, rows });
  }
  return chunks;
}

async function encodeChunks(
  chunks: readonly SourceChunk[],
  encoder: ChunkEncoder,
  dictionary: Uint8Array,
): Promise<{ readonly rows: VectorRow[]; readonly unread: Unread | undefined }> {
  const rows: VectorRow[] = [];
  let unread: Unread | undefined;
  for (const batch of batchesByRows(chunks)) {
    const vectors = await encoder.encodeChunks(
      batch.map(({ frame }) => frame),
      dictionary,
      batch.some(({ spans }) => spans !== undefined) ? batch.map(({ spans }) => spans) : undefined,
    );
    const { data, dimension } = vectors;
    const wanted = batch.flatMap(({ rows: own, terms }) => own.map((row) => ({ ...row, terms: terms?.[row.passage] })));
    assert.equal(vectors.rows, wanted.length, 'an encoder gives one vector a passage');
    wanted.forEach((row, place) => {
      const vector = data.subarray(place * dimension, (place + 1) * dimension);
      rows.push({ ...row, fingerprint: fingerprintText(row.fingerprint), vector });
    });
    unread = addUnread(unread, vectors.unread);
  }
  return { rows, unread };
}

/** Chunks in their order, together as long as they have no more than `ENCODE_ROWS` rows. */
function* batchesByRows(chunks: readonly SourceChunk[]): Generator<SourceChunk[]> {
  let [batch, rows]: [SourceChunk[], number] = [[], 0];
  for (const chunk of chunks) {
    if (batch.length > 0 && rows + chunk.rows.length > ENCODE_ROWS) {
      yield batch;
      [batch, rows] = [[], 0];
    }
    batch.push(chunk);
    rows += chunk.rows.length;
  }
  if (batch.length > 0) yield batch;
}

/** Takes out documents that the source does not have. Only where the store holds more than the source are the ids compared. */
async function removeOthers(source: IndexSource, store: VectorStore, documents: number): Promise<number> {
  if ((await store.count()).documents === documents) return 0;
  const wanted = new Set(source.ids());
  const others: string[] = [];
  for await (const id of store.documents()) if (!wanted.has(id)) others.push(id);
  let removed = 0;
  for (const ids of batches(others, DELETE_DOCUMENTS)) removed += await store.deleteDocuments(ids);
  return removed;
}
