import type { SymbolBatch } from '../symbol-batch.ts';

/** Gradient of one table: the rows that were touched, in slots. */
export interface RowGradient {
  /** [touched] number of the row in each slot. */
  readonly rows: Int32Array;
  /** [touched, dimension]; valid until the next `accumulate`. */
  readonly values: Float32Array;
}

/** Where the positions of each batch put their gradients. */
export interface SlotAssignment {
  /** [touched] */
  readonly rows: Int32Array;
  /** For each batch [positions]: the slot of each position's row. */
  readonly slots: readonly Int32Array[];
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

/**
 * The loops over table rows on the host: sums of rows in the forward path, scattered gradients, Adam over touched rows. Two implementations that agree to float error: SIMD over a
 * WebAssembly memory of at most 4 GiB, and plain JavaScript.
 */
export interface RowKernels {
  readonly name: 'simd' | 'plain';
  /** Zeros that last as long as the kernels: tables and moments have to be allocated here. */
  allocate(length: number): Float32Array;
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
   */
  accumulate(
    batches: readonly SymbolBatch[],
    gradients: readonly Float32Array[],
    assignments: readonly SlotAssignment[],
    dimension: number,
  ): { tables: RowGradient[]; sumOfSquares: number };
  /** Adam over the touched rows of one table; all arrays but the gradient's were allocated here. */
  adam(
    weights: Float32Array,
    first: Float32Array,
    second: Float32Array,
    gradient: RowGradient,
    dimension: number,
    step: AdamStep,
  ): void;
}
