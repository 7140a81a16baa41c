import assert from 'node:assert/strict';
import type { CorpusVectors, Encoder, OnProgress, Vectors } from '../model/encoders/encoder.ts';
import { CemError } from '../zpkg/errors.ts';
import { type InnerProducts, plainInnerProducts } from './inner-products.ts';
import { assertResultCount, idOrder } from './rank-order.ts';
import type { Hit, Retriever } from './retriever.ts';
import { TopK } from './top-k.ts';

/** Queries and document rows multiplied at once: 256 x 4096 products of 4 bytes are 4 MiB. */
const QUERY_BLOCK = 256;
const ROW_BLOCK = 4096;

export interface ExactRetrieverOptions {
  /** Name in tables; the encoder's id unless given. */
  readonly name?: string;
  /** What multiplies: plain loops unless given (`tensorInnerProducts` once a backend is selected). */
  readonly innerProducts?: InnerProducts;
  /** Progress of encoding the documents. */
  readonly onProgress?: OnProgress;
}

/**
 * Exhaustive search by inner product (cosine, vectors being unit) over every document of an encoder. A document's score is that of
 * its best row. Beyond the vectors it needs memory for one block of products only.
 */
export class ExactRetriever implements Retriever {
  readonly name: string;
  readonly #encoder: Encoder;
  readonly #ids: readonly string[];
  readonly #tieOrder: Int32Array;
  readonly #blocks: readonly CorpusVectors[];
  readonly #innerProducts: InnerProducts;

  private constructor(encoder: Encoder, ids: readonly string[], corpus: CorpusVectors, options: ExactRetrieverOptions) {
    this.name = options.name ?? encoder.description.id;
    this.#encoder = encoder;
    this.#ids = ids;
    this.#tieOrder = idOrder(ids);
    this.#blocks = splitAtDocuments(corpus);
    this.#innerProducts = options.innerProducts ?? plainInnerProducts;
  }

  /**
   * Encodes the documents with these ids, once.
   *
   * @throws CemError `SEARCH_DUPLICATE_ID`, `SEARCH_NOT_FINITE` (a vector with NaN or infinity), and what the encoder throws
   */
  static async create(encoder: Encoder, ids: readonly string[], options: ExactRetrieverOptions = {}): Promise<ExactRetriever> {
    const corpus = await encoder.encodeCorpus(ids, options.onProgress);
    assert.equal(corpus.owners.length, corpus.rows);
    assertFinite(corpus, `a document of encoder ${encoder.description.id}`);
    return new ExactRetriever(encoder, ids, corpus, options);
  }

  async search(queries: readonly string[], k: number): Promise<Hit[][]> {
    assertResultCount(k);
    const vectors = await this.#encoder.encodeQueries(queries);
    assert.equal(vectors.rows, queries.length);
    assertFinite(vectors, `a query of encoder ${this.#encoder.description.id}`);
    const results: Hit[][] = [];
    for (let first = 0; first < vectors.rows; first += QUERY_BLOCK) {
      results.push(...(await this.#searchBlock(sliceRows(vectors, first, Math.min(first + QUERY_BLOCK, vectors.rows)), k)));
    }
    return results;
  }

  async #searchBlock(queries: Vectors, k: number): Promise<Hit[][]> {
    const best = Array.from({ length: queries.rows }, () => new TopK(k, this.#tieOrder));
    for (const block of this.#blocks) {
      const products = await this.#innerProducts(queries, block); // [queries, block rows]
      for (let query = 0; query < queries.rows; query++) {
        pushBestOfDocuments(best[query]!, products, query * block.rows, block.owners);
      }
    }
    return best.map((top) => top.sorted().map(({ item, score }) => ({ id: this.#ids[item]!, score, chunk: -1 })));
  }
}

/** Reads one query's products over a block of whole documents, and pushes each document with its best. */
function pushBestOfDocuments(top: TopK, products: Float32Array, offset: number, owners: Int32Array): void {
  let row = 0;
  while (row < owners.length) {
    const owner = owners[row]!;
    let score = products[offset + row]!;
    for (row++; row < owners.length && owners[row] === owner; row++) score = Math.max(score, products[offset + row]!);
    top.push(owner, score);
  }
}

/** Blocks of about ROW_BLOCK rows that never part the rows of one document. */
function splitAtDocuments(corpus: CorpusVectors): CorpusVectors[] {
  const blocks: CorpusVectors[] = [];
  let first = 0;
  while (first < corpus.rows) {
    let last = Math.min(first + ROW_BLOCK, corpus.rows);
    while (last < corpus.rows && corpus.owners[last] === corpus.owners[last - 1]) last++;
    blocks.push({ ...sliceRows(corpus, first, last), owners: corpus.owners.subarray(first, last) });
    first = last;
  }
  return blocks;
}

/** The rows from `first` up to `last`, sharing memory. */
function sliceRows(vectors: Vectors, first: number, last: number): Vectors {
  const { dimension } = vectors;
  return { rows: last - first, dimension, data: vectors.data.subarray(first * dimension, last * dimension) };
}

function assertFinite(vectors: Vectors, what: string): void {
  const position = vectors.data.findIndex((value) => !Number.isFinite(value));
  if (position < 0) return;
  const row = Math.floor(position / vectors.dimension);
  throw new CemError(
    'SEARCH_NOT_FINITE',
    `the vector of ${what} (row ${row}) holds ${vectors.data[position]}: nothing can be ranked by it; check the checkpoint or the model`,
    { details: { row } },
  );
}
