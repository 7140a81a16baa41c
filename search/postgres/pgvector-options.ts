import { CemError, UsageError } from '../../base/index.ts';
import type { VectorIndexInput } from '../vector-index.ts';
import type { TierOptions } from './hot-tier.ts';
import type { StoreTermOptions } from './store-terms.ts';
import type { VectorPrecision } from './vector-form.ts';

export interface PgvectorOptions extends StoreTermOptions {
  /** Length of the vectors. */
  readonly dimension: number;
  /** Prefix of the store's tables: several stores share a database under different names. A lower-case letter, then letters, digits, `_`; at most 40. */
  readonly name?: string;
  /** Precision of a new store, `single` unless given; one that is there keeps its own. */
  readonly precision?: VectorPrecision;
  /**
   * Of a new store: into how many tables its rows are spread, by a hash of their document, 2 to 1,024; one table unless given. Their indexes are built at the same time, each is as
   * much smaller. One that is there keeps its own, and is not opened where another number is given.
   */
  readonly partitions?: number | undefined;
  /** What `finishWriting` builds; unless given, what the store has (a new one: none, exact search). */
  readonly vectorIndex?: VectorIndexInput;
  /** Of `binary` vectors: how many rows, found by their codes, are ranked by their integers in a search, unless k wants more; 300 unless given. More find more of the exact results. */
  readonly candidates?: number;
  /**
   * Of `binary` vectors without a vector index: how many bytes of this process's memory their codes may take (56 a row of 384 values). As long as they fit, searches go by
   * them instead of by the database's own scan. 0, none, unless given.
   */
  readonly codesMemory?: number;
  /**
   * Of `binary` vectors: where not all codes fit into `codesMemory`, or a vector index is built, the codes of the rows that searches find most are kept there, and searched beside the
   * database, which has all of them. Not done unless given.
   */
  readonly tiers?: TierOptions | undefined;
  /** Whether rows have vector groups from now on, in a store that had none; one that has keeps them. */
  readonly groups?: boolean | undefined;
  /** Whether to make the store where there is none (default) or to refuse. */
  readonly create?: boolean;
  /** Whether tables that an earlier version made are brought to today's layout (default), or read as they are, in which case nothing can be written. */
  readonly migrate?: boolean;
}

/** PostgreSQL cuts names at 63 bytes; the suffixes need some of them. */
const NAME_PATTERN = /^[a-z][a-z0-9_]{0,39}$/;
/** Largest dimension of a `vector` column (pgvector, "Vector Type"). */
const MAXIMUM_DIMENSION = 16_000;

/** @throws UsageError `VECTOR_STORE_NAME`, CemError `VECTOR_DIMENSION` for what no store can have */
export function checkNameAndDimension(name: string, dimension: number): void {
  if (!NAME_PATTERN.test(name)) {
    throw new UsageError(
      'VECTOR_STORE_NAME',
      `"${name}" cannot name a store: use a lower-case letter, then letters, digits or _, at most 40 in all`,
      {
        details: { name },
      },
    );
  }
  if (Number.isInteger(dimension) && dimension >= 1 && dimension <= MAXIMUM_DIMENSION) return;
  throw new CemError('VECTOR_DIMENSION', `vectors of ${dimension} values cannot be stored: use 1 to ${MAXIMUM_DIMENSION}`, {
    details: { dimension },
  });
}
