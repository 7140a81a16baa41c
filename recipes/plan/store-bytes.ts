import type { VectorPrecision } from '../../search/postgres/index.ts';

/** What a row of the store is made of. */
export interface RowShape {
  readonly precision: VectorPrecision;
  readonly dimension: number;
  readonly index: 'none' | 'hnsw';
  /** Neighbours of a node of the graph. */
  readonly m: number;
  /** Bytes of a row's metadata as PostgreSQL keeps them, and of its document's id. */
  readonly metadataBytes: number;
  readonly idBytes: number;
}

/** Pages of PostgreSQL, what stands at their head, and what a row has beside its columns: a pointer, and a header that is filled up to 24. */
const PAGE = 8192;
const PAGE_HEAD = 24;
const ROW_POINTER = 4;
const ROW_HEAD = 24;
/** 128 bits in hexadecimal, with its length. */
const FINGERPRINT = 33;
/** Chunk and passage. */
const NUMBERS = 8;
/** Beyond this a column's value is moved out of its row, in pieces. */
const TOAST = 2032;
/** Share of a B-tree's pages that is filled, in one that grows at its end, and of one whose keys come in any order. */
const FILLED_AT_END = 0.9;
const FILLED_ANYWHERE = 0.7;
/** Of an entry: its head and pointer. */
const ENTRY = 12;
/** The key's SHA-256 of a document's id, with its length, filled up to four. */
const DOCUMENT_HASH = 36;
/** Of a row in the list of those that have the same labels, in pages that were cut. */
const LABEL = 4;
/** Of a neighbour, an address; of a node beside its vector, ten addresses of its row and what stands around them (pgvector, `HnswElementTupleData`). */
const NEIGHBOUR = 6;
const NODE = 100;

const VECTOR_BYTES: Readonly<Record<VectorPrecision, (dimension: number) => number>> = {
  single: (dimension) => 8 + 4 * dimension,
  half: (dimension) => 8 + 2 * dimension,
  // The copy's length and its scale.
  int8: (dimension) => 4 + dimension + 4,
  // And beside it a bit a value, with length and count of bits.
  binary: (dimension) => 4 + dimension + 4 + 8 + Math.ceil(dimension / 8),
};
const CODE_BYTES: Readonly<Record<VectorPrecision, (dimension: number) => number>> = {
  single: (dimension) => 8 + 4 * dimension,
  half: (dimension) => 8 + 2 * dimension,
  int8: () => 0,
  binary: (dimension) => 8 + Math.ceil(dimension / 8),
};

/** Bytes that a row takes in PostgreSQL, with its share of the indexes; the tables of terms are counted apart. */
export function storeBytes({ precision, dimension, index, m, metadataBytes, idBytes }: RowShape): {
  readonly row: number;
  readonly graph: number;
} {
  const vector = VECTOR_BYTES[precision](dimension);
  const isCopy = precision === 'int8' || precision === 'binary';
  const own = ROW_HEAD + idBytes + 1 + NUMBERS + FINGERPRINT + metadataBytes + (isCopy ? 8 : 0);
  // Rows do not go over pages; a vector that is moved out leaves a pointer of 18 bytes.
  const inline = own + vector <= TOAST ? own + vector : own + 18;
  const heap = PAGE / Math.max(1, Math.floor((PAGE - PAGE_HEAD) / (aligned(inline) + ROW_POINTER)));
  const moved = inline === own + vector ? 0 : vector * 1.05;
  const key = (aligned(DOCUMENT_HASH + NUMBERS) + ENTRY) / FILLED_ANYWHERE;
  const groups = (aligned(idBytes + 1) + ENTRY) / FILLED_ANYWHERE;
  const numbers = isCopy ? (8 + ENTRY) / FILLED_AT_END : 0;
  return {
    row: heap + moved + key + groups + LABEL + numbers,
    graph: index === 'none' ? 0 : graphBytes(CODE_BYTES[precision](dimension), m),
  };
}

/** A node's vector, and its neighbours: 2 m of them, in a tuple of their own; both in pages that are not cut. */
function graphBytes(vector: number, m: number): number {
  const node = aligned(vector) + NODE + ROW_POINTER + aligned(NEIGHBOUR * 2 * m + 8) + ROW_POINTER;
  return PAGE / Math.max(1, Math.floor((PAGE - PAGE_HEAD) / node));
}

const aligned = (bytes: number): number => Math.ceil(bytes / 8) * 8;
