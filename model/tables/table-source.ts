import type { RowSource } from '../kernels/rows/row-source.ts';

/** Tables that are read row by row from wherever they lie: for encoding, which changes none. */
export interface TableSource extends RowSource {
  readonly dimension: number;
  /** Rows of each table: of the bytes' table, then of each n-gram size's. */
  readonly rows: readonly number[];
  /** What messages call it: a path. */
  readonly name: string;
  close(): void;
}
