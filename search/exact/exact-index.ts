import assert from 'node:assert/strict';
import type { Vectors } from '../../encoders/index.ts';
import { MeanScores } from '../mean-scores.ts';
import { yieldToSignal } from '../search-signal.ts';
import { type TopItem, TopK } from '../top-k.ts';
import { isZero } from '../vector-row.ts';
import { type InnerProducts, plainInnerProducts } from './inner-products.ts';
import { VectorBlock, type VectorStorage } from './vector-block.ts';

/** Queries and rows multiplied at once: 1024 x 4096 products of 4 bytes are 16 MiB, and so many queries make reading the rows cheap beside the product. */
const QUERY_BLOCK = 1024;
const ROW_BLOCK = 4096;
/** Rows that the first block has memory for at first, so that a small index is small. */
const FIRST_ROWS = 64;
/** Scores of owners that a search by means keeps at the same time, over all queries of a block: 64 MiB of doubles. */
const MEAN_SCORES = 2 ** 23;
/** Owner of a row that is not in use, or that no search finds. */
const FREE = -1;

export interface ExactIndexOptions {
  /** How rows are kept; `float32` unless given. */
  readonly storage?: VectorStorage;
  /** What multiplies: plain loops unless given (`tensorInnerProducts` once a backend is selected). */
  readonly innerProducts?: InnerProducts;
}

export interface ExactSearchOptions {
  /** Orders owners of equal score: positive when the left one is better. */
  readonly compareTies: (left: number, right: number) => number;
  /** Which rows may be found; all unless given. */
  readonly passes?: ((row: number) => boolean) | undefined;
  /** How many of an owner's best rows its score is the mean of; 1 unless given. An owner of fewer rows has the mean of those. */
  readonly best?: number | undefined;
  /** Ends the search between two blocks of rows: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

interface RowBlock {
  readonly vectors: VectorBlock;
  /** [ROW_BLOCK]: number of the document that a row belongs to */
  readonly owners: Int32Array;
  /** [ROW_BLOCK]: place of the row within its document, a whole number */
  readonly parts: Float64Array;
}

/**
 * Exhaustive search by inner product over rows of vectors, several of which may belong to one owner (a document). Rows lie in blocks;
 * a search takes block after block, so that beyond the rows it needs memory for one block of products, one block of numbers, and k results a query.
 * Rows of zeros have their number, and no search finds them: they are no direction.
 */
export class ExactIndex {
  readonly dimension: number;
  readonly storage: VectorStorage;
  readonly #innerProducts: InnerProducts;
  readonly #blocks: RowBlock[] = [];
  /** [owners]: whether an owner has had a row */
  #hasRow = new Uint8Array(0);
  #owners = 0;
  #repeats = false;

  constructor(dimension: number, options: ExactIndexOptions = {}) {
    assert.ok(Number.isInteger(dimension) && dimension >= 1, `a vector has at least one value, not ${dimension}`);
    this.dimension = dimension;
    this.storage = options.storage ?? 'float32';
    this.#innerProducts = options.innerProducts ?? plainInnerProducts;
  }

  /** Rows that were added, in use or not. */
  get rows(): number {
    const last = this.#blocks.at(-1);
    return last === undefined ? 0 : (this.#blocks.length - 1) * ROW_BLOCK + last.vectors.rows;
  }

  /**
   * Adds rows; they are numbered from 0 in the order in which they come.
   *
   * @param owners [vectors.rows]: at least 0, and small numbers, for memory grows with the largest
   * @param parts [vectors.rows]: whole numbers that are told with a result; zeros unless given
   */
  add(vectors: Vectors, owners: Int32Array, parts?: Float64Array): void {
    assert.equal(vectors.dimension, this.dimension);
    assert.equal(owners.length, vectors.rows);
    for (let row = 0; row < vectors.rows; row++) {
      let block = this.#blocks.at(-1);
      if (block === undefined || block.vectors.isFull) {
        block = {
          vectors: new VectorBlock(this.dimension, this.storage, ROW_BLOCK, block === undefined ? FIRST_ROWS : ROW_BLOCK),
          owners: new Int32Array(ROW_BLOCK).fill(FREE),
          parts: new Float64Array(ROW_BLOCK),
        };
        this.#blocks.push(block);
      }
      const place = block.vectors.rows;
      const vector = vectors.data.subarray(row * this.dimension, (row + 1) * this.dimension);
      block.vectors.append(vector);
      this.#own(block, place, vector, owners[row]!, parts?.[row] ?? 0);
    }
  }

  /** Puts another vector in a row's place, or fills a released row. */
  replace(row: number, vector: Float32Array, owner: number, part = 0): void {
    const block = this.#blockOf(row);
    block.vectors.write(row % ROW_BLOCK, vector);
    this.#own(block, row % ROW_BLOCK, vector, owner, part);
  }

  /** Takes a row out; its place can be filled by `replace`. */
  release(row: number): void {
    this.#blockOf(row).owners[row % ROW_BLOCK] = FREE;
  }

  /**
   * For each query the best k owners, each with its best row (of equal rows the one with the lower part): score descending, ties as `compareTies` says.
   * Rows must not change before it is done. Means take memory for `best` scores of every owner and query, and so fewer queries at once.
   */
  async search(queries: Vectors, k: number, options: ExactSearchOptions): Promise<TopItem[][]> {
    assert.equal(queries.dimension, this.dimension);
    const results: TopItem[][] = [];
    const scratch = new Float32Array(this.storage === 'float32' ? 0 : Math.min(this.rows, ROW_BLOCK) * this.dimension);
    const { best = 1 } = options;
    const atOnce = best === 1 ? QUERY_BLOCK : Math.floor(MEAN_SCORES / Math.max(1, this.#owners * best));
    const block = Math.min(QUERY_BLOCK, Math.max(1, atOnce));
    for (let first = 0; first < queries.rows; first += block) {
      const last = Math.min(first + block, queries.rows);
      const data = queries.data.subarray(first * this.dimension, last * this.dimension);
      results.push(...(await this.#searchBlock({ rows: last - first, dimension: this.dimension, data }, k, scratch, options)));
    }
    return results;
  }

  async #searchBlock(
    queries: Vectors,
    k: number,
    scratch: Float32Array,
    { compareTies, passes, best = 1, signal }: ExactSearchOptions,
  ): Promise<TopItem[][]> {
    const capacity = Math.min(k, this.#owners);
    const scores = Array.from({ length: queries.rows }, () =>
      best === 1 ? new TopK(capacity, { compareTies, repeats: this.#repeats }) : new MeanScores(this.#owners, best),
    );
    for (const [number, { vectors, owners, parts }] of this.#blocks.entries()) {
      await yieldToSignal(signal);
      const { rows } = vectors;
      const block = { rows, dimension: this.dimension, data: vectors.read(scratch) };
      const products = await this.#innerProducts(queries, block); // [queries, rows]
      const first = number * ROW_BLOCK;
      const searched = passes ? owners.map((owner, place) => (place < rows && passes(first + place) ? owner : FREE)) : owners;
      scores.forEach((ofQuery, query) => {
        pushProducts(ofQuery, products.subarray(query * rows, (query + 1) * rows), searched, parts);
      });
    }
    return scores.map((ofQuery) => (ofQuery instanceof TopK ? ofQuery.sorted() : ofQuery.sorted(capacity, compareTies)));
  }

  #blockOf(row: number): RowBlock {
    const block = this.#blocks[Math.floor(row / ROW_BLOCK)];
    assert.ok(block !== undefined && row >= 0 && row < this.rows, `row ${row} of ${this.rows}`);
    return block;
  }

  #own(block: RowBlock, place: number, vector: Float32Array, owner: number, part: number): void {
    assert.ok(owner >= 0);
    block.parts[place] = part;
    if (isZero(vector)) {
      block.owners[place] = FREE;
      return;
    }
    if (owner >= this.#hasRow.length) {
      const grown = new Uint8Array(Math.max(2 * this.#hasRow.length, owner + 1));
      grown.set(this.#hasRow);
      this.#hasRow = grown;
    }
    if (this.#hasRow[owner] === 1) this.#repeats = true;
    this.#hasRow[owner] = 1;
    this.#owners = Math.max(this.#owners, owner + 1);
    block.owners[place] = owner;
  }
}

/** Products compared together: going by eights takes a third of the time of going one by one. */
const STRIDE = 8;

/**
 * Gives a query's products to its scores; only what reaches their bar gets there.
 *
 * @param products [rows]
 * @param owners [rows]: FREE for rows that are passed over
 */
function pushProducts(scores: TopK | MeanScores, products: Float32Array, owners: Int32Array, parts: Float64Array): void {
  const rows = products.length;
  let { bar } = scores;
  let row = 0;
  while (row < rows) {
    for (const last = rows - STRIDE; row <= last; row += STRIDE) {
      const below =
        products[row]! < bar &&
        products[row + 1]! < bar &&
        products[row + 2]! < bar &&
        products[row + 3]! < bar &&
        products[row + 4]! < bar &&
        products[row + 5]! < bar &&
        products[row + 6]! < bar &&
        products[row + 7]! < bar;
      if (!below) break;
    }
    for (const end = Math.min(row + STRIDE, rows); row < end; row++) {
      const score = products[row]!;
      if (score < bar || owners[row] === FREE) continue;
      scores.push(owners[row]!, score, parts[row]!);
      bar = scores.bar;
    }
  }
}
