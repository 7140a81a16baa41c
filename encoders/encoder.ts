import type { ByteSpan, OnProgress } from '../base/index.ts';

/** What an encoder is, in enough words to make a result reproducible and to refuse a mix-up. */
export interface EncoderDescription {
  /** Stable name, e.g. `lsa`, `transformers:all-MiniLM-L6-v2`, `cem`. */
  readonly id: string;
  /** Content hash or revision of the weights: two encoders with the same id and revision give the same vectors. */
  readonly revision: string;
  /** Length of every vector. */
  readonly dimension: number;
  /** Everything else that changes a vector: pooling, prompts, maximum length, … */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Row-major matrix of L2-normalised vectors. */
export interface Vectors {
  readonly rows: number;
  readonly dimension: number;
  /** [rows, dimension] */
  readonly data: Float32Array;
}

/** Vectors of documents: a document may have several (one for each of its passages), and scores as the best of them. */
export interface CorpusVectors extends Vectors {
  /** [rows]: which of the asked ids a row belongs to, ascending. */
  readonly owners: Int32Array;
  /** [rows]: the container's chunk that a row is of; absent where the encoder does not read chunks, or does not know. */
  readonly chunks?: Int32Array;
  /** [rows]: number of the passage within its chunk, from 0; absent where each chunk is its own one passage. */
  readonly passages?: Int32Array;
  /** What the vectors do not cover; absent: nothing, or it is not known. */
  readonly unread?: Unread;
}

/**
 * Everything that ranks documents by vectors. Its documents are bound when it is made, so that whoever uses it (evaluation,
 * retrieval) never learns whether texts or compressed chunks are read.
 */
export interface Encoder {
  readonly description: EncoderDescription;
  /** [texts.length, dimension] */
  encodeQueries(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors>;
  /** Vectors of the documents with these ids, in this order. Throws CemError `ENCODER_UNKNOWN_ID` for an id it was not bound to. */
  encodeCorpus(ids: readonly string[], onProgress?: OnProgress): Promise<CorpusVectors>;
}

/** What encodes queries in search: a teacher, or the student that learnt its queries. */
export interface QueryEmbedder {
  readonly description: EncoderDescription;
  /**
   * [texts.length, dimension], L2-normalised; with the model's query prompt.
   *
   * @param signal of whoever asks: one that queues the work leaves it out when the signal is aborted before it begins, and rejects with its reason
   */
  embedQueries(texts: readonly string[], onProgress?: OnProgress, signal?: AbortSignal): Promise<Vectors>;
  dispose(): Promise<void>;
}

/** A model that embeds documents' texts as well: the teacher. */
export interface TextEmbedder extends QueryEmbedder {
  /** [texts.length, dimension], L2-normalised; documents as the model wants them (prompt, maximum length). */
  embedDocuments(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors>;
}

/** What an encoder left unread: passages with more symbols than it reads (`model.maximumSymbols`) are cut, and their vectors know nothing of the rest. */
export interface Unread {
  /** Rows whose passage was cut. */
  readonly passages: number;
  /** Symbols behind the cuts, and the bytes of text that they stand for. */
  readonly symbols: number;
  readonly bytes: number;
}

/** Vectors of compressed chunks or their passages. */
export interface ChunkVectors extends Vectors {
  /** What they do not cover; absent: all of every passage was read, or the encoder does not count. */
  readonly unread?: Unread;
}

/** Turns compressed chunks into vectors: the trained model, which reads no text. */
export interface ChunkEncoder {
  /** Length of every vector. */
  readonly dimension: number;
  /**
   * Vectors of compressed chunks, or of their passages: [rows, dimension], L2-normalised, in the order of the frames and of each frame's passages.
   *
   * @param dictionary dictionary section of the container that holds them; empty when it has none
   * @param passages [frames.length] spans of a frame's content that have a vector each; without them, or where one is undefined, the whole frame is one passage
   */
  encodeChunks(
    frames: readonly Uint8Array[],
    dictionary: Uint8Array,
    passages?: readonly (readonly ByteSpan[] | undefined)[],
  ): Promise<ChunkVectors>;
}

/** Compressed chunks of documents, as the student reads them: no way to a text leads through it. */
export interface ChunkSource {
  /** The container's shared dictionary section as stored (empty when it has none). */
  readonly dictionary: Uint8Array;
  /** Chunk numbers of a document in order. Throws CemError `MAPPING_UNKNOWN_ID`. */
  chunksOf(id: string): readonly number[];
  compressedChunk(chunk: number): Promise<Uint8Array>;
  /** The passages of a chunk, in order, as spans of its content in bytes; undefined where the chunk is its own one passage. A source without this has no others. */
  passagesOf?(chunk: number): Promise<readonly ByteSpan[] | undefined>;
}
