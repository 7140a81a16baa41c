import type { TermCounts } from '../base/index.ts';
import type { Filter } from './filter.ts';
import type { Hit, SearchOptions } from './retriever.ts';

/** A row's metadata: an object of JSON. Filters ask about its fields; `labels`, a list of texts, are labels of access. */
export type RowMetadata = object;

/** A passage's vector group as it is stored: bytes of a form that the store does not look into, and the words of its vectors. */
export interface StoredGroup {
  readonly bytes: Uint8Array;
  readonly words?: readonly string[] | undefined;
}

/** One passage's embedding as a store keeps it. Its key is document, chunk and passage together. */
export interface VectorRow {
  readonly document: string;
  /** Chunk number in the container. */
  readonly chunk: number;
  /** Number of the passage within the chunk, from 0; 0 where the chunk is its own one passage. */
  readonly passage: number;
  /** [dimension], L2-normalised, so that an inner product is a cosine. All zeros: the row is kept, and no search finds it. */
  readonly vector: Float32Array;
  /** What the row was made from (the store does not look into it): tells whether a stored row is still right. */
  readonly fingerprint: string;
  readonly metadata?: RowMetadata | undefined;
  /** The passage's terms, for a store that keeps terms; without them no search by words finds it. */
  readonly terms?: TermCounts | undefined;
  /** The passage's vector group, for a store that keeps groups. */
  readonly group?: StoredGroup | undefined;
}

/** What is known of a row without reading it whole. */
export interface StoredRow extends Pick<VectorRow, 'document' | 'chunk' | 'passage' | 'fingerprint'> {
  /** Its terms are kept; absent: they are not. */
  readonly terms?: true;
}

/** A row's new metadata, and the fingerprint that goes with it. */
export type MetadataRow = Omit<VectorRow, 'vector' | 'terms' | 'group'>;

/** A row's terms, which it lacked or had others before. */
export interface TermRow extends Pick<VectorRow, 'document' | 'chunk' | 'passage'> {
  readonly terms: TermCounts;
}

/** What cut the terms that a store keeps: its settings, and a fingerprint of what it computes. */
export type StoredAnalyzer = Readonly<Record<string, unknown>> & { readonly fingerprint: string };

/** A hit of a store, which has no name: the retriever over it gives its own. */
export type StoreHit = Omit<Hit, 'retriever' | 'chunk' | 'passage'> & { readonly chunk: number; readonly passage: number };

/** How much a store holds. */
export interface VectorCount {
  readonly documents: number;
  readonly chunks: number;
  /** Rows: each is a passage. */
  readonly passages: number;
  /** Passages among them whose vector is all zeros, which no search finds. */
  readonly empty: number;
}

/** What the tiers of a store have done. */
export interface TierCounts {
  /** Passages that are hot now, and that can be. */
  readonly rows: number;
  readonly room: number;
  readonly promoted: number;
  readonly demoted: number;
  /** Results of searches that were hot, and that were not. */
  readonly hotResults: number;
  readonly coldResults: number;
}

/** Embeddings of passages, searched by cosine. Takes vectors only: nothing that embeds a text leads through a store (invariant 5). */
export interface VectorStore {
  /** Length of every vector in it. */
  readonly dimension: number;
  /** What cut the terms that rows bring; absent where the store keeps none, and passes them over. */
  readonly termAnalyzer?: StoredAnalyzer | undefined;
  /** What became of hot passages; absent where the store has no tiers. */
  readonly tiers?: TierCounts | undefined;
  /**
   * Inserts rows, or overwrites those with the same document, chunk and passage: all of them or, when it throws, none.
   * @throws CemError `VECTOR_DIMENSION` for a vector of another length, `VECTOR_VALUE` for one that is not finite, `VECTOR_STORE_ID` for a document id that
   *   the store cannot hold, `VECTOR_STORE_PASSAGE` for such a number of a passage, `VECTOR_STORE_METADATA` for such metadata
   */
  upsert(rows: readonly VectorRow[]): Promise<void>;
  /**
   * Gives rows that are there new metadata and a new fingerprint, and leaves their vectors: all of them or, when it throws, none. Rows that are not there are passed over.
   * @throws CemError `VECTOR_STORE_METADATA`
   */
  updateMetadata(rows: readonly MetadataRow[]): Promise<void>;
  /** Gives rows that are there terms in place of those that they have, and leaves all else: all of them or, when it throws, none. Rows that are not there are passed over. There where the store may keep terms. */
  updateTerms?(rows: readonly TermRow[]): Promise<void>;
  /** To be called after a run of writes: builds what searches go by beside the rows, where the store has such a thing. Rows can be written and found before it too. */
  finishWriting(): Promise<void>;
  /** Removes all rows of these documents; unknown ids are passed over. Returns the number of rows that went. */
  deleteDocuments(documents: readonly string[]): Promise<number>;
  /**
   * The best k documents, each with its best passage: score is the passage's cosine, or a mean of cosines where the options ask for it; order is score descending, ties by
   * document id descending as UTF-8 bytes; of a document's equal passages the one of the lower chunk, then of the lower number. Exact, unless the store was asked to have
   * an approximate index. Nothing is found by a vector of zeros, or by one that is not finite.
   *
   * @throws CemError `VECTOR_DIMENSION`; UsageError `SEARCH_FILTER`, `SEARCH_SCORING`; the signal's reason
   */
  search(vector: Float32Array, options: Omit<SearchOptions, 'onUnsearchable'>): Promise<StoreHit[]>;
  /** @throws UsageError `SEARCH_FILTER` */
  count(filter?: Filter): Promise<VectorCount>;
  /** The rows of these documents, ordered by document (as UTF-8 bytes), chunk and passage. */
  storedRows(documents: readonly string[]): Promise<StoredRow[]>;
  /** Every document once, in an order of the store's own. */
  documents(): AsyncIterable<string>;
  close(): Promise<void>;
}
