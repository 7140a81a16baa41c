import type { RowGradient } from '../../model/kernels/rows/index.ts';
import type { SymbolBatch } from '../../model/symbols/index.ts';
import type { HashTables } from '../../model/tables/index.ts';
import { TableGradients } from './table-gradients.ts';
import type { TableOptimizer } from './table-optimizer.ts';

/**
 * Row-wise Adagrad over the rows that a batch touched: each row has one number, the sum over its steps of the mean of its squared gradient, and its rate is divided by the root of it
 * (Duchi et al. 2011; one number a row as in FBGEMM's `EXACT_ROWWISE_ADAGRAD`, which DLRM's tables are trained with). For tables whose moments would not fit into memory: where Adam
 * keeps two numbers for each number of a table, this keeps one for each row. No weight decay, no momentum.
 */
export class RowwiseAdagrad implements TableOptimizer {
  readonly #tables: HashTables;
  readonly #gradients: TableGradients;
  readonly #epsilon: number;
  /** One array a table, [rows]. */
  readonly sums: readonly Float32Array[];

  constructor(tables: HashTables, options: { readonly epsilon: number }) {
    this.#tables = tables;
    this.#gradients = new TableGradients(tables);
    this.#epsilon = options.epsilon;
    this.sums = tables.tables.map((table, number) => tables.kernels.allocate(number, table.length / tables.dimension));
  }

  /** `tables/<number>/squares` of all tables, [rows] each. */
  get state(): ReadonlyMap<string, Float32Array> {
    return new Map(this.sums.map((sums, table) => [`tables/${table}/squares`, sums]));
  }

  accumulate(
    batches: readonly SymbolBatch[],
    gradients: readonly Float32Array[],
  ): { tables: RowGradient[]; sumOfSquares: number } {
    return this.#gradients.accumulate(batches, gradients);
  }

  apply(gradients: readonly RowGradient[], learningRate: number, scale: number): void {
    const { tables, kernels, dimension } = this.#tables;
    const numbers = { rate: learningRate, epsilon: this.#epsilon, scale };
    gradients.forEach((gradient, table) => {
      kernels.adagrad(tables[table]!, this.sums[table]!, gradient, dimension, numbers);
    });
  }
}
