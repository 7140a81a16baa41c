import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { ByteSpan, TermCounts } from '../../base/index.ts';
import { addUnread, type ChunkEncoder, type ChunkSource, type Unread } from '../../encoders/index.ts';
import type { RowMetadata, StoredAnalyzer, StoredGroup, VectorRow, VectorStore } from '../../search/index.ts';
import { assertSameAnalyzer } from '../../search/lexical/index.ts';

/** Rows that go through the encoder in one call; a chunk's are never parted, so one that has more goes by itself. */
const ENCODE_ROWS = 64;
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

/** A chunk as it is stored, and the rows that its passages are. */
export interface SourceChunk {
  readonly document: string;
  readonly chunk: number;
  readonly frame: Uint8Array;
  /** Undefined where the chunk is its own one passage. */
  readonly spans: readonly ByteSpan[] | undefined;
  /** One for each passage, in order. */
  readonly rows: readonly SourceRow[];
  /** Of each passage; undefined where the store keeps none. */
  readonly terms?: readonly TermCounts[] | undefined;
  /** Vector groups of each passage; undefined where there are none. */
  readonly groups?: readonly StoredGroup[] | undefined;
}

/** The vector groups of a chunk's passages, in order, which were made when its text was at hand; undefined where none were. */
export type GroupReader = (chunk: number) => Promise<readonly StoredGroup[] | undefined>;

/** A chunk with what was taken of its text: its terms and groups. */
export async function withTaken(
  chunk: SourceChunk,
  termsOf: TermReader | undefined,
  groupsOf: GroupReader | undefined,
): Promise<SourceChunk> {
  const [terms, groups] = await Promise.all([termsOf?.(chunk.chunk), groupsOf?.(chunk.chunk)]);
  assert.ok(
    groups === undefined || groups.length === chunk.rows.length,
    'each passage of a chunk has a vector group, or none has',
  );
  return { ...chunk, ...(terms && { terms }), ...(groups && { groups }) };
}

export interface SourceRow {
  readonly document: string;
  readonly chunk: number;
  readonly passage: number;
  readonly fingerprint: Fingerprint;
  readonly metadata: RowMetadata | undefined;
}

/** What a row is compared by, in two parts: what its vector was made from, and its metadata (empty where it has none). */
export interface Fingerprint {
  readonly vector: string;
  readonly metadata: string;
}

/** As a store keeps it; without metadata it is the vector's part alone. */
export function fingerprintText({ vector, metadata }: Fingerprint): string {
  return metadata === '' ? vector : `${vector}.${metadata}`;
}

export function readFingerprint(text: string): Fingerprint {
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
export function fingerprinter(dictionary: Uint8Array): (frame: Uint8Array) => (span: ByteSpan | undefined) => string {
  const dictionaryDigest = createHash('sha256').update(dictionary).digest();
  return (frame) => {
    const chunk = digits(dictionaryDigest, frame);
    return (span) => (span === undefined ? chunk : digits(`${chunk} ${span.start} ${span.end}`));
  };
}

export type TermReader = (chunk: number) => Promise<readonly TermCounts[]>;

/** @returns undefined where source or store keep no terms */
export function termReader(source: IndexSource, store: Pick<VectorStore, 'termAnalyzer'>): TermReader | undefined {
  if (source.termAnalyzer === undefined || store.termAnalyzer === undefined) return undefined;
  assertSameAnalyzer(store.termAnalyzer, { settings: source.termAnalyzer });
  return async (chunk) => {
    const terms = await source.termsOf?.(chunk);
    assert.ok(terms !== undefined, 'a source with an analyzer has the terms of its chunks');
    return terms;
  };
}

/** The chunks of a document, compressed, with what its rows are compared by. */
export async function readDocument(
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

/**
 * The rows of chunks, each with its vector.
 *
 * @param mostRows that go through the encoder in one call
 */
export async function encodeChunks(
  chunks: readonly SourceChunk[],
  encoder: ChunkEncoder,
  dictionary: Uint8Array,
  mostRows = ENCODE_ROWS,
): Promise<{ readonly rows: VectorRow[]; readonly unread: Unread | undefined }> {
  const rows: VectorRow[] = [];
  let unread: Unread | undefined;
  for (const batch of batchesByRows(chunks, mostRows)) {
    const vectors = await encoder.encodeChunks(
      batch.map(({ frame }) => frame),
      dictionary,
      batch.some(({ spans }) => spans !== undefined) ? batch.map(({ spans }) => spans) : undefined,
    );
    const { data, dimension } = vectors;
    const wanted = batch.flatMap(({ rows: own, terms, groups }) =>
      own.map((row) => ({ ...row, terms: terms?.[row.passage], group: groups?.[row.passage] })),
    );
    assert.equal(vectors.rows, wanted.length, 'an encoder gives one vector a passage');
    wanted.forEach((row, place) => {
      const vector = data.subarray(place * dimension, (place + 1) * dimension);
      rows.push({ ...row, fingerprint: fingerprintText(row.fingerprint), vector });
    });
    unread = addUnread(unread, vectors.unread);
  }
  return { rows, unread };
}

/** Chunks in their order, together as long as they have no more than `mostRows` rows. */
function* batchesByRows(chunks: readonly SourceChunk[], mostRows: number): Generator<SourceChunk[]> {
  let [batch, rows]: [SourceChunk[], number] = [[], 0];
  for (const chunk of chunks) {
    if (batch.length > 0 && rows + chunk.rows.length > mostRows) {
      yield batch;
      [batch, rows] = [[], 0];
    }
    batch.push(chunk);
    rows += chunk.rows.length;
  }
  if (batch.length > 0) yield batch;
}
