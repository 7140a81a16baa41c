import { UsageError } from '../../base/index.ts';
import { documentKey } from './filter-sql.ts';

export const PARTITIONS_KEY = 'partitions';
/** With more of them planning a search takes longer than the search (PostgreSQL, "Best Practices for Declarative Partitioning"). */
const MOST_PARTITIONS = 1024;

/** The column that says which partition has a row: the first 32 bits of the digest of its document, all of whose rows lie together. */
export const PART_COLUMN = 'part';
/** @param text the document, as SQL */
export const partOf = (text: string): string => `('x' || encode(substring(${documentKey(text)} for 4), 'hex'))::bit(32)::integer`;

/** @throws UsageError `VECTOR_PARTITIONS` */
export function checkPartitions(partitions: number): void {
  if (Number.isInteger(partitions) && partitions >= 2 && partitions <= MOST_PARTITIONS) return;
  throw new UsageError('VECTOR_PARTITIONS', `${partitions} partitions cannot be: give 2 to ${MOST_PARTITIONS}, or leave it out`, {
    details: { partitions },
  });
}

/** A unique index of a partitioned table has what it is partitioned by among its columns. */
export const withPart = (columns: string, partitions: number | undefined): string =>
  partitions === undefined ? columns : `${columns}, ${PART_COLUMN}`;

export const partitionName = (table: string, place: number): string => `${table}_${place}`;

/** The table itself, and its partitions: what is set for one is not set for the others. */
export const partitionsOf = (table: string, partitions = 0): string[] => [
  table,
  ...Array.from({ length: partitions }, (_, place) => partitionName(table, place)),
];

/** Statements that give a table, partitioned by hash, its partitions. */
export const partitionStatements = (table: string, partitions: number): string[] =>
  Array.from(
    { length: partitions },
    (_, place) =>
      `create table ${partitionName(table, place)} partition of ${table} for values with (modulus ${partitions}, remainder ${place})`,
  );
