import { openPostgres, type SqlDriver } from '../../search/postgres/index.ts';
import { SCHEMA } from './boss.ts';

/** Seconds after which a worker that was not heard of is none. */
const HEARD_SECONDS = 60;

/** Jobs of all shared collections of a database, and who does them. */
export interface JobCounts {
  readonly waiting: number;
  readonly active: number;
  /** Ended well within the last half day, be it that the file was set aside. */
  readonly completed: number;
  readonly setAside: number;
  readonly workers: number;
}

/** Counts the jobs of a database whenever it is asked; it changes nothing there, and needs no tables of jobs. */
export class JobCounter implements AsyncDisposable {
  readonly #database: string;
  #driver: Promise<SqlDriver> | undefined;

  private constructor(database: string) {
    this.#database = database;
  }

  /** It connects when it is asked first. */
  static async open(database: string): Promise<JobCounter> {
    return new JobCounter(database);
  }

  /** @throws UsageError `DATABASE_URL`; CemError `DATABASE_UNREACHABLE` */
  async counts(): Promise<JobCounts> {
    const { query } = await this.#connected();
    const none = { waiting: 0, active: 0, completed: 0, setAside: 0, workers: 0 };
    const [there] = await query<{ jobs: boolean; workers: boolean }>(
      `select to_regclass('${SCHEMA}.job') is not null as jobs, to_regclass('${SCHEMA}.worker') is not null as workers`,
    );
    if (!there?.jobs || !there.workers) return none;
    // The names are those of `JobQueue`.
    const [jobs] = await query<Omit<JobCounts, 'workers'>>(
      `with jobs as (select state::text as state, name like '%\\_aside' as aside from ${SCHEMA}.job where name like 'cem\\_%') ` +
        `select count(*) filter (where not aside and state in ('created', 'retry'))::integer as waiting, count(*) filter (where not aside and state = 'active')::integer as active, ` +
        `count(*) filter (where not aside and state = 'completed')::integer as completed, count(*) filter (where aside and state in ('created', 'retry'))::integer as "setAside" from jobs`,
    );
    const [workers] = await query<{ count: number }>(
      `select count(*)::integer as count from ${SCHEMA}.worker where seen > now() - make_interval(secs => $1)`,
      [HEARD_SECONDS],
    );
    return { ...none, ...jobs, workers: workers!.count };
  }

  /** A connection that could not be made is tried again when somebody asks next. */
  #connected(): Promise<SqlDriver> {
    this.#driver ??= openPostgres(this.#database).catch((error: unknown) => {
      this.#driver = undefined;
      throw error;
    });
    return this.#driver;
  }

  async close(): Promise<void> {
    const driver = await this.#driver?.catch(() => undefined);
    this.#driver = undefined;
    await driver?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
