import type { HashTables } from '../../model/tables/index.ts';
import type { AdamOptions } from './adamw.ts';
import { RowSparseAdam } from './row-sparse-adam.ts';
import { RowwiseAdagrad } from './rowwise-adagrad.ts';
import type { TableOptimizer } from './table-optimizer.ts';

/** Values of `training.optimizer.tables`. */
export const TABLE_OPTIMIZERS = ['adam', 'rowwise-adagrad'] as const;
export type TableOptimizerKind = (typeof TABLE_OPTIMIZERS)[number];

/** The optimiser of the hash tables that a configuration names. */
export function createTableOptimizer(kind: TableOptimizerKind, tables: HashTables, options: AdamOptions): TableOptimizer {
  return kind === 'adam' ? new RowSparseAdam(tables, options) : new RowwiseAdagrad(tables, options);
}

/** Numbers of optimiser state that training keeps for a table, for estimates of memory. */
export function tableOptimizerNumbers(kind: TableOptimizerKind, rows: number, dimension: number): number {
  return kind === 'adam' ? 2 * rows * dimension : rows;
}
