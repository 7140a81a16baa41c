import type { SymbolBatch } from '../../symbols/symbol-batch.ts';
import type { SlotAssignment } from './slot-assignment.ts';

/** Gradient of one table: the rows that were touched, in slots. */
export interface RowGradient {
  /** [touched] number of the row in each slot. */
  readonly rows: Int32Array;
  /** [touched, dimension]; valid until the next `accumulate` or `embed`. */
  readonly values: Float32Array;
}

/** Numbers of one Adam step. */
export interface AdamStep {
  /** Learning rate, corrected for the first moment's bias. */
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  /** What the second moment is multiplied by: its bias correction. */
  readonly secondCorrection: number;
  readonly epsilon: number;
  /** What gradients are multiplied by first (clipping). */
  readonly scale: number;
}

/** Numbers of one step of row-wise Adagrad. */
export interface AdagradStep {
  readonly rate: number;
  readonly epsilon: number;
  /** What gradients are multiplied by first (clipping). */
  readonly scale: number;
}

/**
 * The loops over table rows on the host: sums of rows in the forward path, scattered gradients, optimisers over touched rows. Two implementations that give
 * the same bits: SIMD over WebAssembly memories, and plain JavaScript, the definition.
 */
export interface RowKernels {
  readonly name: 'simd' | 'plain';
  /**
   * Zeros that last as long as the kernels: tables and optimiser state have to be allocated here, each table before its state.
   *
   * @param table number of the table that the array is, or is the state of
   */
  allocate(table: number, length: number): Float32Array;
  /**
   * Sums of each symbol's rows over all tables, scaled by length^-1/2.
   *
   * @returns [size * symbols * dimension]; padding is zero
   */
  embed(tables: readonly Float32Array[], batch: SymbolBatch, dimension: number): Float32Array;
  /**
   * Gradients of table rows, from the gradients of the symbols' embeddings.
   *
   * @param gradients for each batch [size, symbols, dimension]
   * @param assignments one a table
   * @throws CemError `KERNEL_MEMORY_FULL` when the gradients do not fit into a WebAssembly memory
   */
  accumulate(
    tables: readonly Float32Array[],
    batches: readonly SymbolBatch[],
    gradients: readonly Float32Array[],
    assignments: readonly SlotAssignment[],
    dimension: number,
  ): { tables: RowGradient[]; sumOfSquares: number };
  /** Adam over the touched rows of one table; `weights`, `first` and `second` [rows, dimension] were allocated here. */
  adam(
    weights: Float32Array,
    first: Float32Array,
    second: Float32Array,
    gradient: RowGradient,
    dimension: number,
    step: AdamStep,
  ): void;
  /**
   * Row-wise Adagrad over the touched rows of one table: `sum += mean(g^2); w -= rate * g / (sqrt(sum) + epsilon)` (FBGEMM, `EXACT_ROWWISE_ADAGRAD`).
   *
   * @param sums [rows], one number a row, allocated here like `weights`
   */
  adagrad(weights: Float32Array, sums: Float32Array, gradient: RowGradient, dimension: number, step: AdagradStep): void;
}
