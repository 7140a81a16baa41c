import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Principal } from '../access/index.ts';
import type { ChangeResult } from '../collection-service.ts';
import { answerTo, busy, HttpError } from '../errors.ts';

export interface JobProgress {
  readonly done: number;
  readonly total: number;
  readonly stage?: string;
}

export type JobState = 'queued' | 'running' | 'done' | 'failed';

/** Work that goes on after its request was answered. */
export interface Job {
  readonly id: string;
  readonly collection: string;
  readonly state: JobState;
  readonly progress: JobProgress;
  readonly createdAt: string;
  readonly finishedAt?: string;
  readonly result?: ChangeResult;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface JobsOptions {
  /** Finished jobs that are remembered; the oldest are forgotten first. */
  readonly remembered?: number;
  /** Jobs that are not finished, and the bytes of their documents; what comes then is turned away. */
  readonly unfinished?: number;
  readonly unfinishedBytes?: number;
  /** Told of failures that are ours. */
  readonly onFailure?: (error: unknown) => void;
}

const REMEMBERED = 1000;
const UNFINISHED = 256;
const UNFINISHED_BYTES = 256 * 2 ** 20;

export interface JobWork {
  readonly collection: string;
  readonly principal: Principal;
  /** Bytes that it keeps in memory. */
  readonly bytes: number;
  run(options: {
    readonly signal: AbortSignal;
    readonly onProgress: (done: number, total: number, stage: string) => void;
  }): Promise<ChangeResult>;
}

/** A job, whose it is, and who waits for news of it. */
interface Entry {
  job: Job;
  readonly owner: string;
  readonly listeners: Set<(job: Job) => void>;
  readonly finished: Promise<ChangeResult>;
}

const ownerOf = ({ key, name }: Principal): string => key ?? name;

/** Changes of collections that were asked for, and how they stand. They are kept in memory: after a restart their ids are none, and what was acknowledged as done is in the collections. */
export class Jobs {
  readonly #options: JobsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #stop = new AbortController();
  #unfinished = 0;
  #bytes = 0;

  constructor(options: JobsOptions = {}) {
    this.#options = options;
    // Every document of every change may listen.
    setMaxListeners(0, this.#stop.signal);
  }

  /** Jobs that are not finished. */
  get unfinished(): number {
    return this.#unfinished;
  }

  /** Bytes of the documents of those. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Begins work, and gives the job and its end. Whoever does not wait for the end need not catch it.
   *
   * @throws HttpError 503 where too many are not finished, or the server closes
   */
  start(work: JobWork): { readonly job: Job; readonly finished: Promise<ChangeResult> } {
    const { unfinished = UNFINISHED, unfinishedBytes = UNFINISHED_BYTES } = this.#options;
    if (this.#stop.signal.aborted) throw closingError();
    if (this.#unfinished >= unfinished || (this.#bytes > 0 && this.#bytes + work.bytes > unfinishedBytes))
      throw busy(`${this.#unfinished} changes of ${this.#bytes} bytes wait; try again a little later`);
    const id = randomBytes(12).toString('hex');
    const job: Job = {
      id,
      collection: work.collection,
      state: 'queued',
      progress: { done: 0, total: 0 },
      createdAt: new Date().toISOString(),
    };
    const finished = this.#run(id, work);
    finished.catch(() => {});
    this.#entries.set(id, { job, owner: ownerOf(work.principal), listeners: new Set(), finished });
    return { job, finished };
  }

  /** Runs after `start` has returned. */
  async #run(id: string, { bytes, run }: JobWork): Promise<ChangeResult> {
    this.#unfinished++;
    this.#bytes += bytes;
    try {
      await undefined;
      const onProgress = (done: number, total: number, stage: string) =>
        this.#update(id, { state: 'running', progress: { done, total, stage } });
      const result = await run({ signal: this.#stop.signal, onProgress });
      const { progress } = this.#entries.get(id)!.job;
      this.#update(id, { state: 'done', result, progress: { ...progress, done: progress.total }, finishedAt: now() });
      return result;
    } catch (error) {
      const { status, body } = answerTo(error as Error);
      if (status >= 500 && !(error instanceof HttpError)) this.#options.onFailure?.(error);
      this.#update(id, { state: 'failed', error: body.error, finishedAt: now() });
      throw error;
    } finally {
      this.#unfinished--;
      this.#bytes -= bytes;
      this.#forget();
    }
  }

  #update(id: string, change: Partial<Job>): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || isFinished(entry.job)) return;
    entry.job = { ...entry.job, ...change };
    for (const listener of entry.listeners) listener(entry.job);
  }

  #forget(): void {
    const { remembered = REMEMBERED } = this.#options;
    let left = this.#entries.size - this.#unfinished - remembered;
    for (const [id, { job }] of this.#entries) {
      if (left <= 0) return;
      if (!isFinished(job)) continue;
      this.#entries.delete(id);
      left--;
    }
  }

  /** A job of who asks; of anybody for the scope admin. Undefined for one that is not there, or is another's. */
  get(id: string, principal: Principal): Job | undefined {
    const entry = this.#entries.get(id);
    return entry !== undefined && isFor(entry, principal) ? entry.job : undefined;
  }

  /** The same of all, the newest first. */
  list(principal: Principal): Job[] {
    return [...this.#entries.values()]
      .filter((entry) => isFor(entry, principal))
      .map(({ job }) => job)
      .reverse();
  }

  /** A job as it stands, and as it changes, until it is finished or nobody listens. */
  async *follow(id: string, signal: AbortSignal): AsyncGenerator<Job> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    let { job } = entry;
    let wake = (): void => {};
    const listener = (): void => wake();
    entry.listeners.add(listener);
    signal.addEventListener('abort', listener);
    try {
      while (!signal.aborted) {
        job = entry.job;
        yield job;
        if (isFinished(job)) return;
        // What changed while the last one was sent is sent at once.
        if (entry.job === job && !signal.aborted)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      entry.listeners.delete(listener);
      signal.removeEventListener('abort', listener);
    }
  }

  /** Ends the jobs that have not begun; resolves when all are finished. New ones are refused. */
  async close(): Promise<void> {
    this.#stop.abort(closingError());
    await Promise.allSettled([...this.#entries.values()].map(({ finished }) => finished));
  }
}

const now = (): string => new Date().toISOString();
const isFinished = ({ state }: Job): boolean => state === 'done' || state === 'failed';
const isFor = ({ owner }: Entry, principal: Principal): boolean => principal.scopes.has('admin') || owner === ownerOf(principal);
const closingError = (): HttpError =>
  new HttpError(503, 'the server is closing', { code: 'SERVER_CLOSING', headers: { 'retry-after': '1' } });
