import assert from 'node:assert/strict';
import { CemError, RandomNumbers } from '../../base/index.ts';
import type { RowKernels } from '../kernels/rows/row-kernels.ts';
import { SimdRowKernels } from '../kernels/rows/simd-row-kernels.ts';
import { BYTE_VOCABULARY } from '../symbols/ngram-hash.ts';
import type { SymbolBatch } from '../symbols/symbol-batch.ts';
import type { TableSource } from './table-source.ts';

/** Dimensions of tables are multiples of it: the kernels hold that many numbers at once. */
const TABLE_DIMENSION_MULTIPLE = 8;

/**
 * Embedding tables of bytes and hashed n-grams: plain arrays outside tfjs, because tfjs has neither sparse gradients nor in-place updates
 * (a dense gradient of one table of BLT's size would be 2 GB). A symbol's embedding is the sum of the rows of its positions, scaled by length^-1/2.
 *
 * For encoding, tables may also stay where they are stored: rows are then read as batches name them, and nothing can be changed.
 */
export class HashTables {
  readonly dimension: number;
  /** Numbers in all tables. */
  readonly size: number;
  readonly kernels: RowKernels;
  readonly #arrays: readonly Float32Array[];
  readonly #embed: (batch: SymbolBatch) => Float32Array;
  readonly #source: TableSource | undefined;

  /**
   * Tables of zeros, or tables that are stored.
   *
   * @param tables how many n-gram tables there are
   * @param rows rows of each n-gram table
   * @param storage where tables and optimiser state lie: in memory that kernels allocate, or in a source of just these tables, which `dispose` closes
   */
  constructor(dimension: number, tables: number, rows: number, storage: RowKernels | TableSource = new SimdRowKernels()) {
    assert(
      dimension % TABLE_DIMENSION_MULTIPLE === 0,
      `the dimension of the tables must be a multiple of ${TABLE_DIMENSION_MULTIPLE}, got ${dimension}`,
    );
    this.dimension = dimension;
    const lengths = Array.from({ length: 1 + tables }, (_, table) => (table === 0 ? BYTE_VOCABULARY : rows));
    this.size = dimension * lengths.reduce((sum, length) => sum + length, 0);
    if ('gather' in storage) {
      const stored = `${storage.rows.join(', ')} rows of ${storage.dimension}`;
      const wanted = `${lengths.join(', ')} rows of ${dimension}`;
      assert(stored === wanted, `${storage.name} should hold tables of ${wanted}, got ${stored}`);
      const kernels = new SimdRowKernels();
      this.kernels = kernels;
      this.#arrays = [];
      this.#source = storage;
      this.#embed = (batch) => kernels.embedFrom(storage, batch, dimension);
    } else {
      const arrays = lengths.map((length, table) => storage.allocate(table, length * dimension));
      this.kernels = storage;
      this.#arrays = arrays;
      this.#source = undefined;
      this.#embed = (batch) => storage.embed(arrays, batch, dimension);
    }
  }

  /**
   * [1 + tables] arrays of [rows, dimension]: the bytes' table, then the n-gram tables. What is written into them is what the model uses.
   *
   * @throws CemError `TABLES_STORED` when they are not in memory
   */
  get tables(): readonly Float32Array[] {
    if (this.#source === undefined) return this.#arrays;
    throw new CemError(
      'TABLES_STORED',
      `the tables of ${this.#source.name} are read row by row; load them into memory to train or to save them`,
      { details: { source: this.#source.name } },
    );
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
    return this.#embed(batch);
  }

  /** Closes what the tables are read from. */
  dispose(): void {
    this.#source?.close();
  }
}
