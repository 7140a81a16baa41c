import { batches, CemError, type OnProgress } from '../../base/index.ts';
import { addUnread, type ChunkEncoder, type Unread } from '../../encoders/index.ts';
import { checkDocumentId, type MetadataRow, type StoredRow, type TermRow, type VectorStore } from '../../search/index.ts';
import {
  encodeChunks,
  type Fingerprint,
  fingerprinter,
  fingerprintText,
  type GroupReader,
  type IndexSource,
  readDocument,
  readFingerprint,
  type SourceChunk,
  type SourceRow,
  type TermReader,
  termReader,
  withTaken,
} from './source-rows.ts';

/** Rows gathered before they are written in one transaction; it ends with a whole document. */
const WRITE_ROWS = 512;
/** Documents whose stored rows are asked for at once. */
const LOOK_UP_DOCUMENTS = 1_000;
/** Ids deleted in one statement. */
const DELETE_DOCUMENTS = 5_000;

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
 * Where the store keeps vector groups, new rows get those that `groupsOf` has of them. Where source and store keep terms, rows get their passages' terms with their vectors; rows that have a vector and lack their terms get them by themselves.
 *
 * @throws CemError `SEARCH_ANALYZER_OTHER` when the terms of source and store were cut by different analyzers; `INDEX_DIMENSION` when encoder and store disagree about the vectors' length; `VECTOR_STORE_ID`, before anything is encoded, for a document id
 *   that no store takes; `VECTOR_STORE_METADATA`
 */
export async function synchroniseIndex(
  source: IndexSource,
  encoder: ChunkEncoder,
  store: VectorStore,
  options: { readonly onProgress?: OnProgress; readonly groupsOf?: GroupReader | undefined } = {},
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
        await changed.add(await Promise.all(read.map((chunk) => withTaken(chunk, termsOf, options.groupsOf))), rows.length);
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
