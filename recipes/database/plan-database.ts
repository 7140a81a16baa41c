import { UsageError } from '../../base/index.ts';
import type { VectorIndexInput } from '../../search/index.ts';
import { openPostgres, storeStatements, type VectorPrecision } from '../../search/postgres/index.ts';

export interface PlanDatabaseOptions {
  /** Values of a vector; 384 unless given, as of the checkpoint of the package. */
  readonly dimension?: number | undefined;
  /** `single` unless given. */
  readonly precision?: VectorPrecision | undefined;
  readonly partitions?: number | undefined;
  readonly vectorIndex?: VectorIndexInput | undefined;
  readonly terms?: boolean | undefined;
  /** A server that is asked whether it has Citus; without it there is none. */
  readonly database?: string | undefined;
}

/** What a new index has a server do. */
export interface DatabasePlan {
  /** In this order; an index has its id in place of `cem`. */
  readonly statements: readonly string[];
  /** Whether the server has the extension Citus; absent where none was asked. */
  readonly citus?: boolean;
}

/** Prefix of the tables that are shown. */
const NAME = 'cem';
const DIMENSION = 384;

/**
 * The statements that make a store, and what Citus is told where it is installed; nothing is run.
 *
 * @throws UsageError `DATABASE_PLAN` for vectors that are none, and as `storeStatements` and `openPostgres`
 */
export async function planDatabase({ database, ...options }: PlanDatabaseOptions): Promise<DatabasePlan> {
  const { dimension = DIMENSION, precision = 'single', partitions, vectorIndex, terms } = options;
  if (!Number.isInteger(dimension) || dimension < 1)
    throw new UsageError('DATABASE_PLAN', `vectors of ${dimension} values cannot be: give a whole number from 1 on`);
  const citus = database === undefined ? undefined : await hasCitus(database);
  return {
    statements: storeStatements({ name: NAME, dimension, precision, partitions, vectorIndex, terms, citus }),
    ...(citus !== undefined && { citus }),
  };
}

async function hasCitus(database: string): Promise<boolean> {
  const driver = await openPostgres(database);
  try {
    return (await driver.query(`select 1 from pg_extension where extname = 'citus'`)).length > 0;
  } finally {
    await driver.close();
  }
}
