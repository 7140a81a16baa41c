import { createHash } from 'node:crypto';
import { CemError } from '../../base/index.ts';
import type { ChunkEncoder, ChunkSource, OnProgress } from '../../encoders/index.ts';
import type { VectorRow, VectorStore } from '../../search/index.ts';

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
}

/** What a run of indexing did. */
export interface IndexingResult {
  readonly documents: number;
  readonly chunks: number;
  /** Chunks that went through the encoder; the others were in the store already. */
  readonly encoded: number;
  /** Rows of documents that the source no longer has, or has changed. */
  readonly removed: number;
}

interface DocumentFrames {
  readonly id: string;
  readonly chunks: readonly number[];
  readonly frames: readonly Uint8Array[];
  readonly fingerprints: readonly string[];
}

function* batches<Item>(items: Iterable<Item>, size: number): Generator<Item[]> {
  let batch: Item[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** A chunk's vector depends on its frame and on the dictionary that the frame refers to; the model is the index's as a whole. */
function fingerprinter(dictionary: Uint8Array): (frame: Uint8Array) => string {
  const dictionaryDigest = createHash('sha256').update(dictionary).digest();
  return (frame) => createHash('sha256').update(dictionaryDigest).update(frame).digest('hex').slice(0, FINGERPRINT_DIGITS);
}

/**
 * Brings a store to the state of a source: every chunk of every document encoded once, and nothing else. Rows that are right already
 * stay untouched, so a run that was killed is finished by running it again, and a source that changed costs what changed.
 * The source's chunks are read and encoded as they are stored, compressed.
 *
 * @throws CemError `INDEX_DIMENSION` when encoder and store disagree about the vectors' length
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
  const fingerprint = fingerprinter(source.dictionary);
  let [documents, chunks, encoded, removed] = [0, 0, 0, 0];

  let pending: DocumentFrames[] = [];
  let pendingRows = 0;
  const flush = async () => {
    const rows = await encodeDocuments(pending, encoder, source.dictionary);
    await store.upsert(rows);
    encoded += rows.length;
    pending = [];
    pendingRows = 0;
  };

  for (const ids of batches(source.ids(), LOOK_UP_DOCUMENTS)) {
    const stored = new Map<string, Map<number, string>>();
    for (const row of await store.storedChunks(ids)) {
      const rows = stored.get(row.documentId) ?? new Map<number, string>();
      stored.set(row.documentId, rows.set(row.chunk, row.fingerprint));
    }
    for (const id of ids) {
      const document = await readDocument(source, id, fingerprint);
      documents++;
      chunks += document.chunks.length;
      const known = stored.get(id);
      const unchanged =
        known?.size === document.chunks.length &&
        document.chunks.every((chunk, part) => known.get(chunk) === document.fingerprints[part]);
      if (!unchanged) {
        if (known !== undefined) removed += await store.deleteDocuments([id]);
        pending.push(document);
        pendingRows += document.chunks.length;
        if (pendingRows >= WRITE_ROWS) await flush();
      }
      options.onProgress?.(documents, source.documentCount);
    }
  }
  await flush();
  removed += await removeOthers(source, store, documents);
  return { documents, chunks, encoded, removed };
}

async function readDocument(
  source: IndexSource,
  id: string,
  fingerprint: (frame: Uint8Array) => string,
): Promise<DocumentFrames> {
  const chunks = source.chunksOf(id);
  const frames: Uint8Array[] = [];
  for (const chunk of chunks) frames.push(await source.compressedChunk(chunk));
  return { id, chunks, frames, fingerprints: frames.map(fingerprint) };
}

async function encodeDocuments(
  documents: readonly DocumentFrames[],
  encoder: ChunkEncoder,
  dictionary: Uint8Array,
): Promise<VectorRow[]> {
  const chunks = documents.flatMap(({ id, chunks, frames, fingerprints }) =>
    chunks.map((chunk, part) => ({ documentId: id, chunk, frame: frames[part]!, fingerprint: fingerprints[part]! })),
  );
  const rows: VectorRow[] = [];
  for (const batch of batches(chunks, ENCODE_CHUNKS)) {
    const { data, dimension } = await encoder.encodeChunks(
      batch.map(({ frame }) => frame),
      dictionary,
    );
    batch.forEach(({ documentId, chunk, fingerprint }, row) => {
      rows.push({ documentId, chunk, fingerprint, vector: data.subarray(row * dimension, (row + 1) * dimension) });
    });
  }
  return rows;
}

/** Takes out documents that the source does not have. Only where the store holds more than the source are the ids compared. */
async function removeOthers(source: IndexSource, store: VectorStore, documents: number): Promise<number> {
  if ((await store.count()).documents === documents) return 0;
  const wanted = new Set(source.ids());
  const others: string[] = [];
  for await (const id of store.documentIds()) if (!wanted.has(id)) others.push(id);
  let removed = 0;
  for (const ids of batches(others, DELETE_DOCUMENTS)) removed += await store.deleteDocuments(ids);
  return removed;
}
