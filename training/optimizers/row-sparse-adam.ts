import type { RowGradient } from '../../model/kernels/rows/index.ts';
import type { SymbolBatch } from '../../model/symbols/index.ts';
import type { HashTables } from '../../model/tables/index.ts';
import type { AdamOptions } from './adamw.ts';
import { TableGradients } from './table-gradients.ts';
import type { TableOptimizer } from './table-optimizer.ts';

/**
 * Adam over the rows that a batch touched (known as lazy or sparse Adam): moments of the other rows stand still, so that a step costs what the batch costs, not what the
 * tables hold. No weight decay: it would touch every row. Its moments take twice the memory of the tables.
 */
export class RowSparseAdam implements TableOptimizer {
  readonly #tables: HashTables;
  readonly #gradients: TableGradients;
  readonly #options: AdamOptions;
  /** One array a table, shaped like the table. */
  readonly firstMoments: readonly Float32Array[];
  readonly secondMoments: readonly Float32Array[];

  constructor(tables: HashTables, options: AdamOptions) {
    this.#tables = tables;
    this.#gradients = new TableGradients(tables);
    this.#options = options;
    this.firstMoments = tables.tables.map((table, number) => tables.kernels.allocate(number, table.length));
    this.secondMoments = tables.tables.map((table, number) => tables.kernels.allocate(number, table.length));
  }

  /** `tables/<number>/first` of all tables, then `tables/<number>/second`, each shaped like its table. */
  get state(): ReadonlyMap<string, Float32Array> {
    return new Map([
      ...this.firstMoments.map((moments, table) => [`tables/${table}/first`, moments] as const),
      ...this.secondMoments.map((moments, table) => [`tables/${table}/second`, moments] as const),
    ]);
  }

  accumulate(
    batches: readonly SymbolBatch[],
    gradients: readonly Float32Array[],
  ): { tables: RowGradient[]; sumOfSquares: number } {
    return this.#gradients.accumulate(batches, gradients);
  }

  apply(gradients: readonly RowGradient[], learningRate: number, scale: number, step: number): void {
    const { beta1, beta2, epsilon } = this.#options;
    const { tables, kernels, dimension } = this.#tables;
    const numbers = {
      rate: learningRate / (1 - beta1 ** step),
      beta1,
      beta2,
      secondCorrection: 1 / (1 - beta2 ** step),
      epsilon,
      scale,
    };
    gradients.forEach((gradient, table) => {
      kernels.adam(tables[table]!, this.firstMoments[table]!, this.secondMoments[table]!, gradient, dimension, numbers);
    });
  }
}
