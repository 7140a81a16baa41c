import type { RowGradient } from '../../model/kernels/rows/index.ts';
import { SlotAssigner } from '../../model/kernels/rows/index.ts';
import type { SymbolBatch } from '../../model/symbols/index.ts';
import type { HashTables } from '../../model/tables/index.ts';

/** Gradients of the rows of tables: only of those that batches touch, so that a step costs what its batches cost and not what the tables hold. */
export class TableGradients {
  readonly #tables: HashTables;
  readonly #assigner: SlotAssigner;

  constructor(tables: HashTables) {
    this.#tables = tables;
    this.#assigner = new SlotAssigner(Math.max(...tables.tables.map((table) => table.length / tables.dimension)));
  }

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
  ): { tables: RowGradient[]; sumOfSquares: number } {
    const { tables, kernels, dimension } = this.#tables;
    const assignments = tables.map((_, table) => this.#assigner.assign(batches.map((batch) => batch.rows[table]!)));
    return kernels.accumulate(tables, batches, gradients, assignments, dimension);
  }
}
