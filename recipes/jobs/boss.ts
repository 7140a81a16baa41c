import type PgBoss from 'pg-boss';
import { CemError, messageOf } from '../../base/index.ts';
import type { SqlDriver, SqlParameter, SqlQuery } from '../../search/postgres/index.ts';

/** Schema of the tables of jobs: apart from that of another program that uses pg-boss in the same database. */
export const SCHEMA = 'cem_jobs';
/** How often one of the workers, whichever is first, looks for jobs that ran out of time. */
const MAINTENANCE_SECONDS = 30;

/**
 * pg-boss on connections of ours: its statements are plain and have no names, its locks are of transactions, and it listens to nothing, so that it works behind PgBouncer in transaction mode.
 *
 * @param supervise whether this process looks after jobs that ran out of time
 * @throws CemError `JOBS_PACKAGE`, and what the database does that does not answer
 */
export async function openBoss(driver: SqlDriver, { supervise }: { readonly supervise: boolean }): Promise<PgBoss> {
  const Boss = await loadBoss();
  const boss = new Boss({
    db: bossDatabase(driver.query),
    schema: SCHEMA,
    supervise,
    schedule: false,
    maintenanceIntervalSeconds: MAINTENANCE_SECONDS,
  });
  // What fails in the background is tried again.
  boss.on('error', () => undefined);
  await boss.start();
  return boss;
}

async function loadBoss(): Promise<typeof PgBoss> {
  try {
    return (await import('pg-boss')).default;
  } catch (cause) {
    throw new CemError(
      'JOBS_PACKAGE',
      `jobs need the package pg-boss, which cannot be loaded (${messageOf(cause)}): install it`,
      {
        cause,
      },
    );
  }
}

/** Statements as pg-boss wants them run: on any connection, or within a transaction. */
export function bossDatabase(query: SqlQuery): PgBoss.Db {
  return {
    async executeSql(text, values = []) {
      return { rows: await query(text, values.map(parameterOf)) };
    },
  };
}

/** Objects go as JSON. */
function parameterOf(value: unknown): SqlParameter {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? JSON.stringify(value) : (value as SqlParameter);
}
