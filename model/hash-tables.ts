import assert from 'node:assert/strict';
import { BYTE_VOCABULARY } from './ngram-hash.ts';
import { RandomNumbers } from './random.ts';
import type { SymbolBatch } from './symbol-batch.ts';

/** Floats that the inner loops hold in registers at once; dimensions are multiples of it. */
const BLOCK = 8;

/**
 * Embedding tables of bytes and hashed n-grams: plain arrays outside tfjs, because tfjs has neither sparse gradients nor in-place updates
 * (a dense gradient of one table of BLT's size would be 2 GB). A symbol's embedding is the sum of the rows of its positions, scaled by length^-1/2.
 */
export class HashTables {
  readonly dimension: number;
  /** [1 + sizes] arrays of [rows, dimension]: the bytes' table, then one a n-gram size. */
  readonly tables: readonly Float32Array[];

  constructor(dimension: number, tables: readonly Float32Array[]) {
    assert(dimension % BLOCK === 0, `the dimension of the tables must be a multiple of ${BLOCK}, got ${dimension}`);
    this.dimension = dimension;
    this.tables = tables;
  }

  /** Numbers in all tables. */
  get size(): number {
    return this.tables.reduce((sum, table) => sum + table.length, 0);
  }

  /** Rows drawn from a normal distribution cut at 3 sigma, sigma = dimension^-1/2 (BLT's initialisation of hash rows). */
  static random(dimension: number, sizes: number, rows: number, seed: number): HashTables {
    const tables = Array.from({ length: 1 + sizes }, (_, table) => {
      const values = new Float32Array((table === 0 ? BYTE_VOCABULARY : rows) * dimension);
      new RandomNumbers(seed, `tables/${table}`).fillTruncatedNormal(values, dimension ** -0.5);
      return values;
    });
    return new HashTables(dimension, tables);
  }

  /**
   * Embeddings of a batch's symbols.
   *
   * @returns [batch.size * batch.symbols * dimension]; padding is zero
   */
  embed(batch: SymbolBatch): Float32Array {
    const { dimension } = this;
    const { places, starts } = batch;
    const output = new Float32Array(batch.size * batch.symbols * dimension);
    batch.rows.forEach((rows, table) => {
      sumRows(this.tables[table]!, rows, starts, places, dimension, output);
    });
    for (let symbol = 0; symbol < places.length; symbol++) {
      const length = starts[symbol + 1]! - starts[symbol]!;
      if (length === 1) continue;
      const scale = length ** -0.5;
      const base = places[symbol]! * dimension;
      for (let d = base; d < base + dimension; d++) output[d]! *= scale;
    }
    return output;
  }
}

/** Adds to each symbol's place the rows of its positions. The block of accumulators stays in registers while the positions pass. */
function sumRows(table: Float32Array, rows: Int32Array, starts: Int32Array, places: Int32Array, dimension: number, output: Float32Array): void {
  for (let symbol = 0; symbol < places.length; symbol++) {
    const from = starts[symbol]!;
    const to = starts[symbol + 1]!;
    const place = places[symbol]! * dimension;
    for (let d = 0; d < dimension; d += BLOCK) {
      const at = place + d;
      let sum0 = output[at]!;
      let sum1 = output[at + 1]!;
      let sum2 = output[at + 2]!;
      let sum3 = output[at + 3]!;
      let sum4 = output[at + 4]!;
      let sum5 = output[at + 5]!;
      let sum6 = output[at + 6]!;
      let sum7 = output[at + 7]!;
      for (let position = from; position < to; position++) {
        const row = rows[position]! * dimension + d;
        sum0 += table[row]!;
        sum1 += table[row + 1]!;
        sum2 += table[row + 2]!;
        sum3 += table[row + 3]!;
        sum4 += table[row + 4]!;
        sum5 += table[row + 5]!;
        sum6 += table[row + 6]!;
        sum7 += table[row + 7]!;
      }
      output[at] = sum0;
      output[at + 1] = sum1;
      output[at + 2] = sum2;
      output[at + 3] = sum3;
      output[at + 4] = sum4;
      output[at + 5] = sum5;
      output[at + 6] = sum6;
      output[at + 7] = sum7;
    }
  }
}
