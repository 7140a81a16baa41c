import { UsageError } from '../../base/index.ts';
import { readSharedManifest } from '../../rag/index.ts';
import { SCHEMA } from './boss.ts';
import { parseSetAside } from './file-job.ts';
import type { JobFailure } from './job-failure.ts';
import { JobQueue } from './job-queue.ts';

/** Seconds over which the rate is taken. */
const RATE_SECONDS = 60;
/** Jobs that were set aside, as many as are listed unless more are asked for. */
const LISTED = 100;

export interface JobsOptions {
  readonly database: string;
  /** `s3://BUCKET/PREFIX` of the collection. */
  readonly segments: string;
  /** Files set aside that are listed; 100 unless given. */
  readonly limit?: number | undefined;
}

/** How far the workers of a collection are. */
export interface JobReport {
  readonly segments: string;
  readonly jobs: {
    readonly waiting: number;
    /** Of these: those that were tried before. */
    readonly retrying: number;
    readonly active: number;
    /** Ended well within the last half day, be it that the file was set aside. */
    readonly completed: number;
    readonly setAside: number;
  };
  /** Jobs that ended in a second of the last minute. */
  readonly rate: number;
  readonly workers: readonly WorkerReport[];
  /** Files that are not tried any more, and why. */
  readonly setAside: readonly ({ readonly path: string; readonly at: string } & JobFailure)[];
}

export interface WorkerReport {
  readonly worker: string;
  readonly host: string;
  readonly process: number;
  readonly doing: string;
  /** Jobs that it ended. */
  readonly done: number;
  /** Seconds since it was heard of. */
  readonly silent: number;
  /** Seconds since it began. */
  readonly running: number;
}

/**
 * What the workers of a shared collection do and have to do.
 *
 * @throws UsageError `COLLECTION_MISSING`; CemError `DATABASE_UNREACHABLE`, `JOBS_PACKAGE`
 */
export async function readJobs(options: JobsOptions): Promise<JobReport> {
  await using queue = await openQueue(options);
  // Awaited here: the connection is closed when this returns.
  return await jobReport(queue, options);
}

/** Lets workers try again what was set aside. Gives how many. Throws as `readJobs`. */
export async function retryJobs(options: JobsOptions): Promise<{ readonly retried: number }> {
  await using queue = await openQueue(options);
  return { retried: await queue.retryAside() };
}

async function openQueue({ database, segments }: JobsOptions): Promise<JobQueue> {
  const manifest = await readSharedManifest(segments);
  if (manifest !== undefined) return JobQueue.open(database, manifest.id);
  throw new UsageError('COLLECTION_MISSING', `there is no collection in ${segments}: give the place that it was made with`, {
    details: { segments },
  });
}

async function jobReport(queue: JobQueue, { segments, limit = LISTED }: JobsOptions): Promise<JobReport> {
  const states = await queue.query<{ name: string; state: string; count: number }>(
    `select name, state::text as state, count(*)::integer as count from ${SCHEMA}.job where name = any($1::text[]) group by name, state`,
    [[queue.name, queue.asideName]],
  );
  const count = (name: string, ...wanted: string[]): number =>
    states.filter((row) => row.name === name && wanted.includes(row.state)).reduce((sum, row) => sum + row.count, 0);
  const [ended] = await queue.query<{ count: number }>(
    `select count(*)::integer as count from ${SCHEMA}.job where name = $1 and state = 'completed' and completed_on > now() - make_interval(secs => $2)`,
    [queue.name, RATE_SECONDS],
  );
  const workers = await queue.query<WorkerReport>(
    `select id as worker, host, process, doing, done::float8 as done, extract(epoch from now() - seen)::float8 as silent, extract(epoch from now() - since)::float8 as running from ${SCHEMA}.worker where queue = $1 order by since, id`,
    [queue.name],
  );
  const aside = await queue.query<{ data: unknown; at: Date }>(
    `select data, created_on as at from ${SCHEMA}.job where name = $1 and state < 'active' order by created_on, id limit $2`,
    [queue.asideName, limit],
  );
  return {
    segments,
    jobs: {
      waiting: count(queue.name, 'created', 'retry'),
      retrying: count(queue.name, 'retry'),
      active: count(queue.name, 'active'),
      completed: count(queue.name, 'completed'),
      setAside: count(queue.asideName, 'created', 'retry'),
    },
    rate: ended!.count / RATE_SECONDS,
    workers,
    setAside: aside.map(({ data, at }) => {
      const { job, failure } = parseSetAside(data);
      return { path: job.path, ...failure, at: at.toISOString() };
    }),
  };
}
