import type { Hit } from './retriever.ts';

/** What a filter may compare: the JSON scalars that a row's metadata holds. */
type MetadataValue = string | number | boolean | null;

/** One chunk's embedding as a store keeps it. Its key is document and chunk together. */
export interface VectorRow {
  readonly documentId: string;
  /** Chunk number in the container. */
  readonly chunk: number;
  /** [dimension], L2-normalised, so that an inner product is a cosine. */
  readonly vector: Float32Array;
  /** What the vector was made from (a hash of the compressed chunk): tells whether a stored row is still right. */
  readonly fingerprint: string;
  /** What filters may ask about. */
  readonly metadata?: Readonly<Record<string, MetadataValue>>;
}

/** A row without its vector. */
export type StoredChunk = Pick<VectorRow, 'documentId' | 'chunk' | 'fingerprint'>;

/**
 * Which rows a search may see. Everything that is given must hold. The store applies it inside its own query (invariant 7), so that
 * a filtered search still returns k documents where k pass, and never shows one that does not.
 */
export interface VectorFilter {
  /** Only these documents. */
  readonly documentIds?: readonly string[];
  /** Only rows whose metadata has all of these values. */
  readonly metadata?: Readonly<Record<string, MetadataValue>>;
}

/** How much a store holds. */
export interface VectorCount {
  readonly documents: number;
  readonly chunks: number;
}

/** Embeddings of chunks, searched by cosine. Takes vectors only: nothing that embeds a text leads through a store (invariant 5). */
export interface VectorStore {
  /** Length of every vector in it. */
  readonly dimension: number;
  /**
   * Inserts rows, or overwrites those with the same document and chunk: all of them or, when it throws, none.
   * @throws CemError `VECTOR_DIMENSION` for a vector of another length, `VECTOR_VALUE` for one that is not finite, `VECTOR_STORE_ID` for a document id that
   *   the store cannot hold
   */
  upsert(rows: readonly VectorRow[]): Promise<void>;
  /** To be called after a run of writes: builds what searches go by beside the rows, where the store has such a thing. Rows can be written and found before it too. */
  finishWriting(): Promise<void>;
  /** Removes all rows of these documents; unknown ids are passed over. Returns the number of rows that went. */
  deleteDocuments(documentIds: readonly string[]): Promise<number>;
  /**
   * The best k documents, each with its best chunk: score is the cosine, order is score descending, ties by document id descending as UTF-8 bytes,
   * then by the lower chunk number. Exact, unless the store was asked to have an approximate index.
   */
  search(vector: Float32Array, k: number, filter?: VectorFilter): Promise<Hit[]>;
  count(filter?: VectorFilter): Promise<VectorCount>;
  has(documentId: string): Promise<boolean>;
  /** The rows of these documents, ordered by document (as UTF-8 bytes) and chunk. */
  storedChunks(documentIds: readonly string[]): Promise<StoredChunk[]>;
  /** Every document once, ordered as UTF-8 bytes. */
  documentIds(): AsyncIterable<string>;
  /** A value kept beside the vectors, e.g. what made them; undefined where there is none. */
  getMetadata(key: string): Promise<string | undefined>;
  setMetadata(key: string, value: string): Promise<void>;
  close(): Promise<void>;
}
