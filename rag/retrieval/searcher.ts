import assert from 'node:assert/strict';
import { type ByteSpan, CemError, UsageError } from '../../base/index.ts';
import { openCorpus } from '../../data/index.ts';
import type { QueryEmbedder } from '../../encoders/index.ts';
import {
  checkFilter,
  type FusedPart,
  type FusionInput,
  FusionRetriever,
  type Hit,
  hybridFusion,
  type Retriever,
  type RowMetadata,
  type SearchOptions,
  type TierCounts,
  VectorRetriever,
  type VectorStore,
} from '../../search/index.ts';
import type { FieldHit, FieldMatch } from '../../search/rerank/index.ts';
import { corpusIdentity } from '../index-store/corpus-identity.ts';
import { IndexFolder } from '../index-store/index-folder.ts';
import { adviseMigration, type StoreAccess } from '../index-store/open-store.ts';
import { BatchingEmbedder } from './batching-embedder.ts';
import { openLexicalRetriever } from './lexical-retriever.ts';
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
  /** By vectors the cosine of the query's and the passage's, or the mean of the document's best ones where the search asked for it; otherwise what the retriever ranks by. */
  readonly score: number;
  /** The passage's own text. */
  readonly text: string;
  /** The chunk that the passage lies in, where the search asked for units. */
  readonly unit?: ResultUnit;
  /** Which retriever found it. */
  readonly retriever: string;
  /** What each of several retrievers said of its document, where they were fused. */
  readonly parts?: readonly FusedPart[];
  /** The query asks for it by what it is, as for a figure. */
  readonly asked?: true;
  /** What found it before it was ranked anew by vector groups, where it was. */
  readonly coarseScore?: number;
  /** What each vector of the query's group found in the passage, where that was asked for. */
  readonly matches?: readonly FieldMatch[];
  /** What the corpus knows of the passage beside its text; absent where it knows nothing. */
  readonly metadata?: RowMetadata;
}

/** A chunk that was asked for by its number. */
export interface WholeChunk {
  readonly chunk: number;
  /** Without what it is found by beside its text. */
  readonly text: string;
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
  /** What encodes the queries: the teacher, or the query student; absent where nothing does. */
  readonly queries?: QueryEncoderChoice;
  /** What ranks; absent: vectors. */
  readonly retrievers?: RetrieverChoice;
}

/** What ranks: vectors, words (of an index that keeps terms), or both, fused. */
export const RETRIEVER_CHOICES = ['vectors', 'bm25', 'hybrid'] as const;
export type RetrieverChoice = (typeof RETRIEVER_CHOICES)[number];

/** What a result is read from. */
interface ResultTexts {
  chunkText(chunk: number): Promise<string>;
  /** Without it, each chunk is its own one passage. */
  passagesOf?(chunk: number): Promise<readonly ByteSpan[] | undefined>;
  metadataOf?(chunk: number, passage?: number): Promise<RowMetadata | undefined>;
}

/** Puts a retriever around another. */
type Around = (retriever: Retriever) => Retriever;

export interface SearcherParts {
  /** Absent where words alone rank. */
  readonly embedder?: QueryEmbedder | undefined;
  readonly store: VectorStore;
  /** Ranks by words, by itself or beside the vectors. */
  readonly lexical?: Retriever | undefined;
  /** How the two are fused; as `hybridFusion` says unless given. */
  readonly fusion?: FusionInput | undefined;
  /** Goes around the retriever over vectors: what queries are expanded by. */
  readonly aroundVectors?: Around | undefined;
  /** Goes around all that ranks, the first innermost. */
  readonly around?: readonly Around[] | undefined;
  /** Where the text of a result comes from: the one place that decompresses (invariant 2). */
  readonly texts: ResultTexts;
  /** Bytes at a chunk's beginning that it is found by and that are not shown; without it none. */
  readonly prefixBytes?: (chunk: number) => Promise<number>;
  readonly description: IndexDescription;
  /** Closes the other parts. */
  close(): Promise<void>;
}

export interface OpenSearcherOptions extends StoreAccess, QueryEncoderOptions {
  /** What ranks; vectors unless given. By `bm25` alone nothing that encodes queries is opened. */
  readonly retrievers?: RetrieverChoice;
  /** How `hybrid` fuses `vectors` and `bm25`; as `hybridFusion` of search/ says unless given. */
  readonly fusion?: FusionInput;
  /** Passed to the container's reader. Tests count its calls. */
  readonly decompressor?: NonNullable<Parameters<typeof openCorpus>[1]>['decompressor'];
}

/** Answers text queries from an index: embeds the query, ranks in the store, and decompresses the chunks of the results, only those. */
export class Searcher {
  readonly description: IndexDescription;
  readonly #parts: SearcherParts;
  readonly #embedder: BatchingEmbedder | undefined;
  readonly #retriever: Retriever;

  constructor(parts: SearcherParts) {
    this.description = parts.description;
    this.#parts = parts;
    this.#embedder = parts.embedder && new BatchingEmbedder(parts.embedder);
    this.#retriever = (parts.around ?? []).reduce((inner, around) => around(inner), retrieverOf(parts, this.#embedder));
  }

  /** How many queries were encoded so far, in how many calls: searches that run at the same time are encoded together. */
  get encoding(): { readonly queries: number; readonly calls: number } {
    return this.#embedder?.encoded ?? { queries: 0, calls: 0 };
  }

  /** What became of hot passages; undefined where there are no tiers. */
  get tiers(): TierCounts | undefined {
    return this.#parts.store.tiers;
  }

  /**
   * Opens a finished index with all that it names: its vectors, its container, and what encodes queries.
   *
   * @throws CemError `INDEX_ZPKG_CHANGED`, UsageError `INDEX_NO_TERMS`, `INDEX_NO_QUERY_STUDENT`, and what `IndexFolder.openForSearch`, `openCorpus` and `openQueryEncoder` throw
   */
  static async open(folder: string, options: OpenSearcherOptions = {}): Promise<Searcher> {
    const index = await IndexFolder.openForSearch(folder, options);
    const closing: (() => Promise<void>)[] = [() => index.close()];
    const close = async () => {
      for (const closePart of closing.splice(0).reverse()) await closePart();
    };
    try {
      adviseMigration(index, `--index ${index.path}`, options.note);
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
      const { retrievers = 'vectors', fusion } = options;
      const lexical = retrievers === 'vectors' ? undefined : await openLexicalRetriever(index);
      const encoder = retrievers === 'bm25' ? undefined : await openQueryEncoder(index, options);
      if (encoder !== undefined) closing.push(() => encoder.embedder.dispose());
      return new Searcher({
        embedder: encoder?.embedder,
        store: index.store,
        lexical,
        fusion,
        texts: reader,
        description: {
          documents,
          chunks,
          passages,
          dimension,
          vectors: { precision: index.vectors.precision, search: index.vectors.searchesBy },
          checkpoint: checkpoint.hash,
          teacher: teacher.id,
          ...(encoder && { queries: encoder.queries }),
          ...(retrievers !== 'vectors' && { retrievers }),
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
    checkResultCount(k);
    checkFilter(filter);
    const found = await this.#retriever.search(queries, ranking);
    signal?.throwIfAborted();
    return Promise.all(found.map((hits) => Promise.all(hits.map((hit) => this.#read(hit, units)))));
  }

  /**
   * The best k documents for a vector that is at hand, by vectors alone, whatever else the searcher ranks by.
   *
   * @param vector [dimension], L2-normalised, of what encodes this index' queries
   * @throws CemError `VECTOR_DIMENSION`; UsageError `SEARCH_RESULT_COUNT`, `SEARCH_FILTER`, `SEARCH_SCORING`; the signal's reason
   */
  async searchVector(vector: Float32Array, options: Omit<SearcherSearchOptions, 'onUnsearchable'>): Promise<SearchResult[]> {
    const { units = false, ...ranking } = options;
    checkResultCount(ranking.k);
    checkFilter(ranking.filter);
    const hits = await this.#parts.store.search(vector, ranking);
    ranking.signal?.throwIfAborted();
    return Promise.all(hits.map((hit) => this.#read({ ...hit, retriever: VECTORS }, units)));
  }

  /** Reads what another search has found in this index' rows: the text of each, decompressed now. */
  readHits(
    hits: readonly SearchHit[],
    { units = false }: { readonly units?: boolean | undefined } = {},
  ): Promise<SearchResult[]> {
    return Promise.all(hits.map((hit) => this.#read(hit, units)));
  }

  /** Decompresses the chunk of a hit, once (invariant 2). */
  async #read(hit: SearchHit, units: boolean): Promise<SearchResult> {
    const { document, chunk, passage = 0, score, retriever, parts, asked, coarseScore, matches } = hit;
    assert.ok(chunk !== undefined, `${retriever} found ${document} without a chunk`);
    const { texts, prefixBytes } = this.#parts;
    const [content, passages, metadata, prefix = 0] = await Promise.all([
      texts.chunkText(chunk),
      texts.passagesOf?.(chunk),
      texts.metadataOf?.(chunk, passage),
      prefixBytes?.(chunk),
    ]);
    const { whole, spans } = withoutPrefix(content, passages, prefix);
    const { text, place } = spans === undefined ? wholeChunk(whole) : passageOf(whole, spans[passage]);
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
      ...(parts && { parts }),
      ...(asked && { asked }),
      ...(coarseScore !== undefined && { coarseScore }),
      ...(matches && { matches }),
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

/**
 * Whole chunks, each decompressed once, and what is known of them. They must be chunks that the store named as those that the asker may see, and no others.
 */
export async function readWholeChunks(
  { texts, prefixBytes }: Pick<SearcherParts, 'texts' | 'prefixBytes'>,
  chunks: readonly number[],
): Promise<WholeChunk[]> {
  return Promise.all(
    chunks.map(async (chunk) => {
      const [content, metadata, prefix = 0] = await Promise.all([
        texts.chunkText(chunk),
        texts.metadataOf?.(chunk),
        prefixBytes?.(chunk),
      ]);
      return { chunk, text: withoutPrefix(content, undefined, prefix).whole, ...(metadata !== undefined && { metadata }) };
    }),
  );
}

/** A hit, fused or not, ranked anew or not. */
type SearchHit = Hit & { readonly parts?: readonly FusedPart[] } & Partial<Pick<FieldHit, 'coarseScore' | 'matches'>>;

const VECTORS = 'vectors';

/** @throws UsageError `SEARCH_RESULT_COUNT` */
function checkResultCount(k: number): void {
  if (Number.isInteger(k) && k >= 1 && k <= MAXIMUM_RESULTS) return;
  throw new UsageError('SEARCH_RESULT_COUNT', `k is the number of results, 1 to ${MAXIMUM_RESULTS}, not ${k}`, {
    details: { k },
  });
}

/** By both where there are both. Their fusion names the vectors' retriever as options name it. */
function retrieverOf(
  { store, lexical, fusion, aroundVectors = (retriever) => retriever }: SearcherParts,
  embedder: QueryEmbedder | undefined,
): Retriever {
  if (lexical === undefined || embedder === undefined) {
    const retriever = lexical ?? (embedder && aroundVectors(new VectorRetriever(embedder, store)));
    assert.ok(retriever !== undefined, 'a searcher ranks by vectors or by words');
    return retriever;
  }
  const parts = [
    { retriever: lexical, kind: 'lexical' as const },
    { retriever: aroundVectors(new VectorRetriever(embedder, store, VECTORS)), kind: 'vector' as const },
  ];
  return new FusionRetriever(parts, fusion ?? hybridFusion(lexical.name, VECTORS), 'hybrid');
}

/** A chunk as it is shown, and its passages in that. */
function withoutPrefix(
  content: string,
  spans: readonly ByteSpan[] | undefined,
  prefix: number,
): { readonly whole: string; readonly spans: readonly ByteSpan[] | undefined } {
  if (prefix === 0) return { whole: content, spans };
  const shown = (place: number): number => Math.max(0, place - prefix);
  return {
    whole: Buffer.from(content).subarray(prefix).toString(),
    spans: spans?.map(({ start, end }) => ({ start: shown(start), end: shown(end) })),
  };
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
