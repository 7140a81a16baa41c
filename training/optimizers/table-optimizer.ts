import type { RowGradient } from '../../model/kernels/rows/index.ts';
import type { SymbolBatch } from '../../model/symbols/index.ts';

/** Updates the rows of tables that batches touch. */
export interface TableOptimizer {
  /**
   * What a checkpoint has to hold beside the tables, by name. The arrays are those that steps work on: to restore a checkpoint, write into them.
   */
  readonly state: ReadonlyMap<string, Float32Array>;
  /**
   * Row gradients of several batches together.
   *
   * @param gradients for each batch the gradient of its symbol embeddings, [size, symbols, dimension]
   * @returns one entry a table, valid until the next call and the next `embed`, and the sum of squares of them all
   * @throws CemError `KERNEL_MEMORY_FULL` when the touched rows' gradients take more than about 4 GB
   */
  accumulate(
    batches: readonly SymbolBatch[],
    gradients: readonly Float32Array[],
  ): { tables: RowGradient[]; sumOfSquares: number };
  /**
   * One step.
   *
   * @param scale what gradients are multiplied by first (clipping)
   * @param step from 1 on, for the bias correction
   */
  apply(gradients: readonly RowGradient[], learningRate: number, scale: number, step: number): void;
}
