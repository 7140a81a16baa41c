import { createHash } from 'node:crypto';
import { batches, CemError, type OnProgress } from '../../base/index.ts';
import type { ChunkEncoder, ChunkSource } from '../../encoders/index.ts';
import { checkDocumentId, type MetadataRow, type RowMetadata, type VectorRow, type VectorStore } from '../../search/index.ts';

/** Chunks that go through the encoder in one call. */
const ENCODE_CHUNKS = 64;
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
  /** What is known of a chunk beside its text, for the store's filters; a source without it has no metadata. */
  metadataOf?(chunk: number): Promise<RowMetadata | undefined>;
}

/** What a run of indexing did. */
export interface IndexingResult {
  readonly documents: number;
  readonly chunks: number;
  /** Chunks that went through the encoder; the others were in the store already. */
  readonly encoded: number;
  /** Chunks that kept their vector and got new metadata. */
  readonly updated: number;
  /** Rows of documents that the source no longer has, or has changed. */
  readonly removed: number;
  /** Chunks of the whole index whose vector is all zeros, as that of a text without words: no search finds them. */
  readonly empty: number;
}

interface SourceChunk {
  readonly document: string;
  readonly chunk: number;
  readonly frame: Uint8Array;
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

/** A chunk's vector depends on its frame and on the dictionary that the frame refers to; the model is the index's as a whole. */
function fingerprinter(dictionary: Uint8Array): (frame: Uint8Array, metadata: RowMetadata | undefined) => Fingerprint {
  const dictionaryDigest = createHash('sha256').update(dictionary).digest();
  const digits = (...parts: (Uint8Array | string)[]): string => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return hash.digest('hex').slice(0, FINGERPRINT_DIGITS);
  };
  return (frame, metadata) => ({
    vector: digits(dictionaryDigest, frame),
    metadata: metadata === undefined ? '' : digits(JSON.stringify(metadata)),
  });
}

/** Rows to be written, gathered until there are enough for one transaction. */
class PendingRows<Row> {
  readonly #write: (rows: readonly Row[]) => Promise<void>;
  #rows: Row[] = [];

  constructor(write: (rows: readonly Row[]) => Promise<void>) {
    this.#write = write;
  }

  async add(rows: readonly Row[]): Promise<void> {
    this.#rows.push(...rows);
    if (this.#rows.length >= WRITE_ROWS) await this.flush();
  }

  async flush(): Promise<void> {
    const rows = this.#rows;
    this.#rows = [];
    if (rows.length > 0) await this.#write(rows);
  }
}

/**
 * Brings a store to the state of a source: every chunk of every document encoded once, and nothing else. Rows that are right already
 * stay untouched, so a run that was killed is finished by running it again, and a source that changed costs what changed; a change of metadata alone encodes nothing.
 * The source's chunks are read and encoded as they are stored, compressed.
 *
 * @throws CemError `INDEX_DIMENSION` when encoder and store disagree about the vectors' length; `VECTOR_STORE_ID`, before anything is encoded, for a document id
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
  const fingerprint = fingerprinter(source.dictionary);
  let [documents, chunks, encoded, updated, removed] = [0, 0, 0, 0, 0];
  const changed = new PendingRows<SourceChunk>(async (rows) => {
    await store.upsert(await encodeChunks(rows, encoder, source.dictionary));
    encoded += rows.length;
  });
  const relabelled = new PendingRows<MetadataRow>(async (rows) => {
    await store.updateMetadata(rows);
    updated += rows.length;
  });

  for (const ids of batches(source.ids(), LOOK_UP_DOCUMENTS)) {
    const stored = await storedFingerprints(store, ids);
    for (const id of ids) {
      const rows = await readDocument(source, id, fingerprint);
      documents++;
      chunks += rows.length;
      const known = stored.get(id);
      const sameVectors =
        known?.size === rows.length && rows.every((row) => known.get(row.chunk)?.vector === row.fingerprint.vector);
      if (sameVectors) {
        const others = rows.filter((row) => known.get(row.chunk)?.metadata !== row.fingerprint.metadata);
        await relabelled.add(
          others.map((row) => ({
            document: id,
            chunk: row.chunk,
            fingerprint: fingerprintText(row.fingerprint),
            metadata: row.metadata,
          })),
        );
      } else {
        if (known !== undefined) removed += await store.deleteDocuments([id]);
        await changed.add(rows);
      }
      options.onProgress?.(documents, source.documentCount);
    }
  }
  await changed.flush();
  await relabelled.flush();
  removed += await removeOthers(source, store, documents);
  const { empty } = await store.count();
  return { documents, chunks, encoded, updated, removed, empty };
}

async function storedFingerprints(store: VectorStore, ids: readonly string[]): Promise<Map<string, Map<number, Fingerprint>>> {
  const stored = new Map<string, Map<number, Fingerprint>>();
  for (const row of await store.storedChunks(ids)) {
    const rows = stored.get(row.document) ?? new Map<number, Fingerprint>();
    stored.set(row.document, rows.set(row.chunk, readFingerprint(row.fingerprint)));
  }
  return stored;
}

async function readDocument(
  source: IndexSource,
  document: string,
  fingerprint: ReturnType<typeof fingerprinter>,
): Promise<SourceChunk[]> {
  const rows: SourceChunk[] = [];
  for (const chunk of source.chunksOf(document)) {
    const frame = await source.compressedChunk(chunk);
    const metadata = await source.metadataOf?.(chunk);
    rows.push({ document, chunk, frame, metadata, fingerprint: fingerprint(frame, metadata) });
  }
  return rows;
}

async function encodeChunks(chunks: readonly SourceChunk[], encoder: ChunkEncoder, dictionary: Uint8Array): Promise<VectorRow[]> {
  const rows: VectorRow[] = [];
  for (const batch of batches(chunks, ENCODE_CHUNKS)) {
    const { data, dimension } = await encoder.encodeChunks(
      batch.map(({ frame }) => frame),
      dictionary,
    );
    batch.forEach(({ document, chunk, fingerprint, metadata }, row) => {
      const vector = data.subarray(row * dimension, (row + 1) * dimension);
      rows.push({ document, chunk, fingerprint: fingerprintText(fingerprint), metadata, vector });
    });
  }
  return rows;
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
