import { parseVectorIndex, type VectorIndexInput } from '../vector-index.ts';
import { checkHnsw, hnswMethod } from './hnsw.ts';
import { checkPartitions, PART_COLUMN } from './partitions.ts';
import { storeTables, tableStatements } from './store-tables.ts';
import { termTableStatements } from './term-tables.ts';
import { VECTOR_FORMS, type VectorPrecision } from './vector-form.ts';
import { LAYOUT, type Layout } from './vector-table.ts';

export interface StoreStatementsOptions {
  /** Prefix of the tables. */
  readonly name: string;
  readonly dimension: number;
  readonly precision: VectorPrecision;
  readonly partitions?: number | undefined;
  readonly vectorIndex?: VectorIndexInput | undefined;
  /** Whether it keeps terms. */
  readonly terms?: boolean | undefined;
  /** Whether its partitions are spread over the nodes of Citus. */
  readonly citus?: boolean | undefined;
}

/**
 * What a new store has the database do, statement by statement, as `PgvectorStore` does; those of Citus are for whoever has it to run before rows come.
 *
 * @throws UsageError `VECTOR_PARTITIONS`; CemError `VECTOR_INDEX`
 */
export function storeStatements(options: StoreStatementsOptions): string[] {
  const { name, dimension, precision, partitions, terms = false, citus = false } = options;
  if (partitions !== undefined) checkPartitions(partitions);
  const tables = storeTables(name);
  const table = { name: tables.chunks, form: VECTOR_FORMS[precision], dimension, layout: LAYOUT as Layout, partitions };
  const index = parseVectorIndex(options.vectorIndex ?? { kind: 'none' });
  if (index.kind === 'hnsw') checkHnsw(table);
  return [
    'create extension if not exists vector',
    ...tableStatements(tables, table),
    ...(terms ? termTableStatements(tables, partitions) : []),
    ...(citus && partitions !== undefined ? [`select create_distributed_table('${tables.chunks}', '${PART_COLUMN}')`] : []),
    ...(index.kind === 'hnsw' ? [`create index ${tables.vectorIndex} on ${tables.chunks} ${hnswMethod(table, index)}`] : []),
  ];
}
