import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type PgBoss from 'pg-boss';
import { batches, CemError } from '../../base/index.ts';
import { openPostgres, type SqlDriver, type SqlQuery } from '../../search/postgres/index.ts';
import { bossDatabase, openBoss, SCHEMA } from './boss.ts';
import { type FileJob, parseFileJob } from './file-job.ts';
import { type JobFailure, silentFailure } from './job-failure.ts';

/** How often a job is tried again: the last tries are by itself, so that what kills a worker is found. */
const RETRIES = 4;
/** Tries after which a job is taken by itself. */
const ALONE_AFTER = 2;
/** Seconds before the second try; twice as many before each further one. */
const RETRY_SECONDS = 2;
/** Of a worker of which nothing is known any more, be it that no worker is left that would notice. */
const EXPIRY_SECONDS = 3600;
const RETENTION_DAYS = 365;
const INSERTED_AT_ONCE = 1_000;

/** A job that a worker has. */
export interface TakenJob {
  readonly id: string;
  readonly job: FileJob;
  /** How often it was tried before. */
  readonly tries: number;
}

/** Jobs that a worker has together, until it is done or was not heard of for too long. */
export interface JobLease {
  readonly id: string;
  readonly jobs: readonly TakenJob[];
}

/** What became of jobs that did not end well, by their ids; all others did. */
export interface JobOutcome {
  /** Those that are not tried again. */
  readonly aside: ReadonlyMap<string, JobFailure>;
  /** Those that are, unless they were often enough. */
  readonly again: ReadonlyMap<string, JobFailure>;
}

export interface JobQueueOptions {
  readonly supervise?: boolean;
}

/** The jobs of one collection, in the database that its rows lie in. */
export class JobQueue implements AsyncDisposable {
  /** Names the jobs, as pg-boss has them. */
  readonly name: string;
  /** Names those that are not tried any more. */
  readonly asideName: string;
  readonly query: SqlQuery;
  readonly #driver: SqlDriver;
  readonly #boss: PgBoss;

  private constructor(collection: string, driver: SqlDriver, boss: PgBoss) {
    this.name = `cem_${collection}`;
    this.asideName = `${this.name}_aside`;
    this.query = driver.query;
    this.#driver = driver;
    this.#boss = boss;
  }

  /**
   * @param collection its id
   * @throws UsageError `DATABASE_URL`; CemError `DATABASE_UNREACHABLE`, `JOBS_PACKAGE`
   */
  static async open(database: string, collection: string, { supervise = false }: JobQueueOptions = {}): Promise<JobQueue> {
    const driver = await openPostgres(database);
    try {
      const queue = new JobQueue(collection, driver, await openBoss(driver, { supervise }));
      await queue.#prepare();
      return queue;
    } catch (error) {
      await driver.close();
      throw error;
    }
  }

  async #prepare(): Promise<void> {
    const retentionMinutes = RETENTION_DAYS * 24 * 60;
    await this.#boss.createQueue(this.asideName, { name: this.asideName, retentionMinutes });
    await this.#boss.createQueue(this.name, {
      name: this.name,
      policy: 'short',
      retryLimit: RETRIES,
      retryDelay: RETRY_SECONDS,
      retryBackoff: true,
      expireInSeconds: EXPIRY_SECONDS,
      retentionMinutes,
    });
    await this.#driver.transaction(async (query) => {
      await query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`${SCHEMA} tables`]);
      await query(
        `create table if not exists ${SCHEMA}.worker (id uuid primary key, queue text not null, host text not null, process integer not null, since timestamptz not null default now(), seen timestamptz not null default now(), doing text not null, done bigint not null default 0)`,
      );
      await query(
        `create table if not exists ${SCHEMA}.lease (id uuid primary key, worker uuid not null, queue text not null, jobs uuid[] not null)`,
      );
    });
  }

  /** Puts jobs in; a file that waits already is not put in again. Gives how many came. */
  async add(jobs: Iterable<FileJob>): Promise<number> {
    let added = 0;
    for (const some of batches(jobs, INSERTED_AT_ONCE)) {
      const inserts = some.map((job) => ({ id: randomUUID(), name: this.name, data: job, singletonKey: job.path }));
      await this.#boss.insert(inserts);
      const [came] = await this.query<{ count: number }>(
        `select count(*)::integer as count from ${SCHEMA}.job where name = $1 and id = any($2::uuid[])`,
        [this.name, inserts.map(({ id }) => id)],
      );
      added += came!.count;
    }
    return added;
  }

  /**
   * Takes jobs that wait; one by itself where it was tried several times. Undefined where none waits.
   *
   * @param most of them
   */
  async take(worker: string, most: number): Promise<JobLease | undefined> {
    return this.#driver.transaction(async (query) => {
      let failure: unknown;
      const watched: SqlQuery = async (text, values) => {
        try {
          return await query(text, values);
        } catch (error) {
          // pg-boss takes any error for a queue without jobs.
          failure = error;
          throw error;
        }
      };
      const options: TakeOptions = { batchSize: most, includeMetadata: true, db: bossDatabase(watched) };
      const found = await this.#boss.fetch(this.name, options);
      if (failure !== undefined) throw failure;
      const taken = found.map(({ id, data, retryCount }) => ({ id, job: parseFileJob(data), tries: retryCount }));
      const alone = taken.find(({ tries }) => tries >= ALONE_AFTER);
      const jobs = alone === undefined ? taken : [alone];
      if (alone !== undefined) await this.#giveBack(query, idsOf(taken.filter((job) => job !== alone)));
      if (jobs.length === 0) return undefined;
      const id = randomUUID();
      await query(`insert into ${SCHEMA}.lease values ($1, $2, $3, $4)`, [id, worker, this.name, idsOf(jobs)]);
      return { id, jobs };
    });
  }

  /**
   * Ends jobs, in the transaction that `query` is of.
   *
   * @throws CemError `JOBS_TAKEN` where the worker was not heard of for so long that others have them
   */
  async finish(query: SqlQuery, lease: JobLease, { aside, again }: JobOutcome): Promise<void> {
    await this.#end(query, lease);
    const db = bossDatabase(query);
    const ended = lease.jobs.filter(({ id }) => !again.has(id));
    await this.#complete(query, idsOf(ended));
    const inserts = ended.flatMap(({ id, job }) => {
      const failure = aside.get(id);
      return failure === undefined ? [] : [{ name: this.asideName, data: { job, failure } }];
    });
    if (inserts.length > 0) await this.#boss.insert(inserts, { db });
    for (const job of lease.jobs) {
      const failure = again.get(job.id);
      if (failure !== undefined) await this.#tryAgain(query, job, failure);
    }
  }

  async #complete(query: SqlQuery, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    // It takes lists as well; its types say so only without a connection.
    await this.#boss.complete(this.name, [...ids] as unknown as string, {}, { db: bossDatabase(query) });
  }

  async #end(query: SqlQuery, { id }: JobLease): Promise<void> {
    const ended = await query(`delete from ${SCHEMA}.lease where id = $1 returning id`, [id]);
    if (ended.length > 0) return;
    throw new CemError(
      'JOBS_TAKEN',
      'nothing was heard of this worker for so long that its jobs were given to others: nothing of what it did with them counts',
    );
  }

  /** Ends jobs badly: they are tried again after a while, or set aside where they were tried often enough. Throws as `finish`. */
  async fail(lease: JobLease, failure: JobFailure): Promise<void> {
    const again = new Map(lease.jobs.map(({ id }) => [id, failure]));
    await this.#driver.transaction((query) => this.finish(query, lease, { aside: new Map(), again }));
  }

  /** Gives jobs back as if they had not been taken. Throws as `finish`. */
  async release(lease: JobLease): Promise<void> {
    await this.#driver.transaction(async (query) => {
      await this.#end(query, lease);
      await this.#giveBack(query, idsOf(lease.jobs));
    });
  }

  async #tryAgain(query: SqlQuery, { id, job, tries }: TakenJob, failure: JobFailure): Promise<void> {
    const db = bossDatabase(query);
    if (tries < RETRIES) {
      await this.#boss.fail(this.name, id, failure, { db });
      return;
    }
    await this.#complete(query, [id]);
    await this.#boss.insert([{ name: this.asideName, data: { job, failure } }], { db });
  }

  async #giveBack(query: SqlQuery, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await query(
      `update ${SCHEMA}.job set state = 'retry', start_after = now(), retry_count = greatest(retry_count - 1, 0), started_on = case when retry_count > 0 then started_on end where name = $1 and id = any($2::uuid[]) and state = 'active'`,
      [this.name, ids],
    );
  }

  /** Jobs that wait or are being done. */
  async unfinished(): Promise<number> {
    const [row] = await this.query<{ count: number }>(
      `select count(*)::integer as count from ${SCHEMA}.job where name = $1 and state <= 'active'`,
      [this.name],
    );
    return row!.count;
  }

  transaction(body: (query: SqlQuery) => Promise<void>): Promise<void> {
    return this.#driver.transaction(body);
  }

  /** Says that a worker is there, and what it does. */
  async tell(worker: string, doing: string, done: number): Promise<void> {
    await this.query(
      `insert into ${SCHEMA}.worker (id, queue, host, process, doing, done) values ($1, $2, $3, $4, $5, $6) on conflict (id) do update set seen = now(), doing = excluded.doing, done = excluded.done`,
      [worker, this.name, hostname(), process.pid, doing, done],
    );
  }

  /** Says that a worker is gone. */
  async leave(worker: string): Promise<void> {
    await this.query(`delete from ${SCHEMA}.worker where id = $1`, [worker]);
  }

  /**
   * Gives the jobs of workers that were not heard of to others.
   *
   * @param seconds of silence
   * @returns how many workers were lost
   */
  async takeFromSilent(seconds: number): Promise<number> {
    return this.#driver.transaction(async (query) => {
      const lost = await query<{ id: string; host: string; process: number }>(
        `delete from ${SCHEMA}.worker where queue = $1 and seen < now() - make_interval(secs => $2) returning id, host, process`,
        [this.name, seconds],
      );
      for (const { id, host, process: number } of lost) {
        const failure = silentFailure(`${host} ${number}`, seconds);
        const leases = await query<{ jobs: string[] }>(`delete from ${SCHEMA}.lease where worker = $1 returning jobs`, [id]);
        const ids = leases.flatMap(({ jobs }) => jobs);
        for (const job of await this.#active(query, ids)) await this.#tryAgain(query, job, failure);
      }
      return lost.length;
    });
  }

  async #active(query: SqlQuery, ids: readonly string[]): Promise<TakenJob[]> {
    const rows = await query<{ id: string; data: unknown; tries: number }>(
      `select id, data, retry_count as tries from ${SCHEMA}.job where name = $1 and id = any($2::uuid[]) and state = 'active'`,
      [this.name, ids],
    );
    return rows.map(({ id, data, tries }) => ({ id, job: parseFileJob(data), tries }));
  }

  /** Puts jobs that were set aside in again. Gives how many. */
  async retryAside(): Promise<number> {
    return this.#driver.transaction(async (query) => {
      const rows = await query<{ data: { job: FileJob } }>(
        `delete from ${SCHEMA}.job where name = $1 and state < 'active' returning data`,
        [this.asideName],
      );
      const inserts = rows.map(({ data: { job } }) => ({ name: this.name, data: job, singletonKey: job.path }));
      if (inserts.length > 0) await this.#boss.insert(inserts, { db: bossDatabase(query) });
      return rows.length;
    });
  }

  async close(): Promise<void> {
    await this.#boss.stop({ graceful: false });
    await this.#driver.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

type TakeOptions = PgBoss.FetchOptions & { readonly includeMetadata: true };

const idsOf = (jobs: readonly TakenJob[]): string[] => jobs.map(({ id }) => id);
