import assert from 'node:assert/strict';
import { PlainRowKernels } from './kernels/plain-row-kernels.ts';
import type { RowKernels } from './kernels/row-kernels.ts';
import { SimdRowKernels } from './kernels/simd-row-kernels.ts';
import { BYTE_VOCABULARY } from './ngram-hash.ts';
import { RandomNumbers } from './random.ts';
import type { SymbolBatch } from './symbol-batch.ts';

/** Dimensions of tables are multiples of it: the kernels hold that many numbers at once. */
const TABLE_DIMENSION_MULTIPLE = 8;
/** Weights and the two moments of Adam: what training keeps for each number. */
const ARRAYS_IN_TRAINING = 3;

/**
 * Embedding tables of bytes and hashed n-grams: plain arrays outside tfjs, because tfjs has neither sparse gradients nor in-place updates
 * (a dense gradient of one table of BLT's size would be 2 GB). A symbol's embedding is the sum of the rows of its positions, scaled by length^-1/2.
 */
export class HashTables {
  readonly dimension: number;
  /** [1 + sizes] arrays of [rows, dimension]: the bytes' table, then one a n-gram size. */
  readonly tables: readonly Float32Array[];
  readonly kernels: RowKernels;

  /**
   * Tables of zeros.
   *
   * @param sizes how many n-gram sizes there are
   * @param rows rows of each n-gram table
   */
  constructor(dimension: number, sizes: number, rows: number, kernels: RowKernels = chooseKernels(dimension, sizes, rows)) {
    assert(
      dimension % TABLE_DIMENSION_MULTIPLE === 0,
      `the dimension of the tables must be a multiple of ${TABLE_DIMENSION_MULTIPLE}, got ${dimension}`,
    );
    this.dimension = dimension;
    this.kernels = kernels;
    this.tables = Array.from({ length: 1 + sizes }, (_, table) =>
      kernels.allocate((table === 0 ? BYTE_VOCABULARY : rows) * dimension),
    );
  }

  /** Numbers in all tables. */
  get size(): number {
    return this.tables.reduce((sum, table) => sum + table.length, 0);
  }

  /** Draws rows from a normal distribution cut at 3 sigma, sigma = dimension^-1/2 (BLT's initialisation of hash rows). */
  randomize(seed: number): void {
    this.tables.forEach((values, table) => {
      new RandomNumbers(seed, `tables/${table}`).fillTruncatedNormal(values, this.dimension ** -0.5);
    });
  }

  /**
   * Embeddings of a batch's symbols.
   *
   * @returns [batch.size * batch.symbols * dimension]; padding is zero
   */
  embed(batch: SymbolBatch): Float32Array {
    return this.kernels.embed(this.tables, batch, this.dimension);
  }
}

/** SIMD as long as tables and moments fit into a WebAssembly memory. */
function chooseKernels(dimension: number, sizes: number, rows: number): RowKernels {
  const numbers = (BYTE_VOCABULARY + sizes * rows) * dimension;
  return SimdRowKernels.fits(4 * numbers * ARRAYS_IN_TRAINING) ? new SimdRowKernels() : new PlainRowKernels();
}
