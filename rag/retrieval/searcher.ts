import assert from 'node:assert/strict';
import { type ByteSpan, CemError, UsageError } from '../../base/index.ts';
import { openCorpus } from '../../data/index.ts';
import type { QueryEmbedder } from '../../encoders/index.ts';
import {
  checkFilter,
  type Hit,
  type RowMetadata,
  type SearchOptions,
  VectorRetriever,
  type VectorStore,
} from '../../search/index.ts';
import { corpusIdentity } from '../index-store/corpus-identity.ts';
import { IndexFolder, type IndexFolderOptions } from '../index-store/index-folder.ts';
import { BatchingEmbedder } from './batching-embedder.ts';
import { openQueryEncoder, type QueryEncoderChoice, type QueryEncoderOptions } from './query-encoder.ts';

/** Most results that one search gives: each one is decompressed. */
export const MAXIMUM_RESULTS = 100;
/** Longest query in UTF-16 units; far more than any text encoder reads. */
export const MAXIMUM_QUERY_LENGTH = 10_000;

/** One result: a document, its best passage, and that passage's text. */
export interface SearchResult {
  readonly document: string;
  readonly chunk: number;
  /** Number of the passage within the chunk, from 0. */
  readonly passage: number;
  /** Bytes of the source's text that the passage is; absent where the corpus has no metadata of the document. */
  readonly span?: ByteSpan;
  /** Cosine of the query's and the passage's vector, or the mean of the document's best ones where the search asked for it. */
  readonly score: number;
  /** The passage's own text. */
  readonly text: string;
  /** The chunk that the passage lies in, where the search asked for units. */
  readonly unit?: ResultUnit;
  /** Which retriever found it. */
  readonly retriever: string;
  /** What the corpus knows of the passage beside its text; absent where it knows nothing. */
  readonly metadata?: RowMetadata;
}

/** A whole chunk: what a reader reads around a passage that was found. */
export interface ResultUnit {
  readonly text: string;
  /** The passage in it, in bytes of its text in UTF-8. */
  readonly passage: ByteSpan;
}

export interface SearcherSearchOptions extends SearchOptions {
  /** Whether each result has its whole chunk too; its text is at hand all the same, so that this costs no further decompression. */
  readonly units?: boolean | undefined;
}

/** What an index holds and what made it. */
export interface IndexDescription {
  readonly documents: number;
  readonly chunks: number;
  /** Passages of all chunks: the vectors that are searched. */
  readonly passages: number;
  readonly dimension: number;
  /** How vectors are kept, and what a search looks through; absent where the store says nothing of it. */
  readonly vectors?: {
    readonly precision: IndexFolder['vectors']['precision'];
    readonly search: IndexFolder['vectors']['searchesBy'];
  };
  /** Content hash of the checkpoint. */
  readonly checkpoint: string;
  /** Id of the teacher. */
  readonly teacher: string;
  /** What encodes the queries: the teacher, or the query student. */
  readonly queries: QueryEncoderChoice;
}

/** What a result is read from. */
interface ResultTexts {
  chunkText(chunk: number): Promise<string>;
  /** Without it, each chunk is its own one passage. */
  passagesOf?(chunk: number): Promise<readonly ByteSpan[] | undefined>;
  metadataOf?(chunk: number, passage: number): Promise<RowMetadata | undefined>;
}

export interface SearcherParts {
  readonly embedder: QueryEmbedder;
  readonly store: VectorStore;
  /** Where the text of a result comes from: the one place that decompresses (invariant 2). */
  readonly texts: ResultTexts;
  readonly description: IndexDescription;
  /** Closes the other parts. */
  close(): Promise<void>;
}

export interface OpenSearcherOptions extends IndexFolderOptions, QueryEncoderOptions {
  /** Passed to the container's reader. Tests count its calls. */
  readonly decompressor?: NonNullable<Parameters<typeof openCorpus>[1]>['decompressor'];
}

/** Answers text queries from an index: embeds the query, ranks in the store, and decompresses the chunks of the results, only those. */
export class Searcher {
  readonly description: IndexDescription;
  readonly #parts: SearcherParts;
  readonly #embedder: BatchingEmbedder;
  readonly #retriever: VectorRetriever;

  constructor(parts: SearcherParts) {
    this.description = parts.description;
    this.#parts = parts;
    this.#embedder = new BatchingEmbedder(parts.embedder);
    this.#retriever = new VectorRetriever(this.#embedder, parts.store);
  }

  /** How many queries were encoded so far, in how many calls: searches that run at the same time are encoded together. */
  get encoding(): { readonly queries: number; readonly calls: number } {
    return this.#embedder.encoded;
  }

  /**
   * Opens a finished index with all that it names: its vectors, its container, and what encodes queries.
   *
   * @throws CemError `INDEX_ZPKG_CHANGED`, UsageError `INDEX_NO_QUERY_STUDENT`, and what `IndexFolder.openForSearch`, `openCorpus` and `openQueryEncoder` throw
   */
  static async open(folder: string, options: OpenSearcherOptions = {}): Promise<Searcher> {
    const index = await IndexFolder.openForSearch(folder, options);
    const closing: (() => Promise<void>)[] = [() => index.close()];
    const close = async () => {
      for (const closePart of closing.splice(0).reverse()) await closePart();
    };
    try {
      const { checkpoint, teacher, zpkg, dimension, documents, chunks, passages = chunks } = index.manifest;
      const reader = await openCorpus(
        zpkg.path,
        options.decompressor === undefined ? {} : { decompressor: options.decompressor },
      );
      closing.push(() => reader.close());
      if ((await corpusIdentity(reader)) !== zpkg.identity) {
        throw new CemError(
          'INDEX_ZPKG_CHANGED',
          `${zpkg.path} is not what the index ${index.path} was made from: it was packed again, or documents came or went; run \`cem index\` again to bring the index up to date`,
          { details: { index: index.path, zpkg: zpkg.path } },
        );
      }
      const { queries, embedder } = await openQueryEncoder(index, options);
      closing.push(() => embedder.dispose());
      return new Searcher({
        embedder,
        store: index.store,
        texts: reader,
        description: {
          documents,
          chunks,
          passages,
          dimension,
          vectors: { precision: index.vectors.precision, search: index.vectors.searchesBy },
          checkpoint: checkpoint.hash,
          teacher: teacher.id,
          queries,
        },
        close,
      });
    } catch (error) {
      await close();
      throw error;
    }
  }

  /**
   * The best k documents for a query, each as the text of its best passage.
   *
   * @throws as `searchAll`
   */
  async search(query: string, options: SearcherSearchOptions): Promise<SearchResult[]> {
    const [results] = await this.searchAll([query], options);
    return results!;
  }

  /**
   * The same for several queries, which are encoded in one call.
   *
   * @throws UsageError `SEARCH_QUERY`, `SEARCH_RESULT_COUNT`, `SEARCH_FILTER`, `SEARCH_SCORING`; the signal's reason
   */
  async searchAll(queries: readonly string[], options: SearcherSearchOptions): Promise<SearchResult[][]> {
    const { units = false, ...ranking } = options;
    const { k, filter, signal } = ranking;
    for (const query of queries) {
      if (query.trim() !== '' && query.length <= MAXIMUM_QUERY_LENGTH) continue;
      throw new UsageError(
        'SEARCH_QUERY',
        `a query is 1 to ${MAXIMUM_QUERY_LENGTH} characters that are not all spaces, this one has ${query.length}`,
      );
    }
    if (!Number.isInteger(k) || k < 1 || k > MAXIMUM_RESULTS) {
      throw new UsageError('SEARCH_RESULT_COUNT', `k is the number of results, 1 to ${MAXIMUM_RESULTS}, not ${k}`, {
        details: { k },
      });
    }
    checkFilter(filter);
    const found = await this.#retriever.search(queries, ranking);
    signal?.throwIfAborted();
    return Promise.all(found.map((hits) => Promise.all(hits.map((hit) => this.#read(hit, units)))));
  }

  /** Decompresses the chunk of a hit, once (invariant 2). */
  async #read({ document, chunk, passage = 0, score, retriever }: Hit, units: boolean): Promise<SearchResult> {
    assert.ok(chunk !== undefined, `${retriever} found ${document} without a chunk`);
    const { texts } = this.#parts;
    const [whole, passages, metadata] = await Promise.all([
      texts.chunkText(chunk),
      texts.passagesOf?.(chunk),
      texts.metadataOf?.(chunk, passage),
    ]);
    const { text, place } = passages === undefined ? wholeChunk(whole) : passageOf(whole, passages[passage]);
    const { span } = (metadata ?? {}) as { readonly span?: ByteSpan };
    return {
      document,
      chunk,
      passage,
      ...(span && { span }),
      score,
      text,
      ...(units && { unit: { text: whole, passage: place } }),
      retriever,
      ...(metadata !== undefined && { metadata }),
    };
  }

  async close(): Promise<void> {
    await this.#parts.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A passage's text, and its place in its chunk. */
interface PlacedText {
  readonly text: string;
  readonly place: ByteSpan;
}

function wholeChunk(text: string): PlacedText {
  return { text, place: { start: 0, end: Buffer.byteLength(text) } };
}

function passageOf(chunk: string, span: ByteSpan | undefined): PlacedText {
  assert.ok(span !== undefined, 'the index has a passage that the corpus does not have');
  return { text: Buffer.from(chunk).subarray(span.start, span.end).toString(), place: span };
}
