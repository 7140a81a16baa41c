import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ClosingStack, isCemError, type Listener, messageOf, UsageError } from '../../base/index.ts';
import type { ParseLimits } from '../../ingest/index.ts';
import { CollectionFolder, commitAddition, joinCollection, mergeShared, uploadAddition } from '../../rag/index.ts';
import { CollectionModels } from '../collections/collection-models.ts';
import { settingsOfCollection } from '../ingest/ingest-options.ts';
import { unitTools } from '../ingest/unit-tools.ts';
import type { OnBackend } from '../shared/backend.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import { recognitionFolder } from '../shared/recognition-folder.ts';
import { failureOf } from './job-failure.ts';
import { type JobLease, JobQueue } from './job-queue.ts';
import { type BatchTools, isThere, type PackedBatch, type ParsedBatch, packBatch, parseBatch } from './prepare-batch.ts';
import { assertForWorkers } from './worker-abilities.ts';
import { WorkerPulse } from './worker-pulse.ts';

const BATCH_FILES = 64;
const IDLE_MS = 1_000;
/** Seconds of silence after which a worker counts as lost. */
const SILENCE_SECONDS = 30;
/** How often, at most, the database or the object store are tried again that do not answer. */
const PAUSE_MS = 1_000;

export interface WorkerOptions extends LongCall, OnBackend {
  /** The PostgreSQL server that the collection's rows and jobs lie in. */
  readonly database: string;
  /** `s3://BUCKET/PREFIX` of the collection. */
  readonly segments: string;
  /** The worker's own folder of the collection, which no other process may have; a temporary one unless given. */
  readonly into?: string | undefined;
  /** Where the collection's checkpoint lies on this machine: where the collection says, or in the package, unless given. */
  readonly checkpoint?: string | undefined;
  readonly models?: string | undefined;
  /** Folder of the models that read texts in pictures, as `cem ingest` takes it. */
  readonly ocrModels?: string | undefined;
  /** What one file may take. */
  readonly limits?: Partial<ParseLimits> | undefined;
  /** Most files of a commit; 64 unless given. */
  readonly batch?: number | undefined;
  /** Ends when no job waits or is being done by any worker, in place of waiting for more. */
  readonly untilDone?: boolean | undefined;
  /** Seconds after which the jobs of a worker are given to others that was not heard of; 30 unless given. */
  readonly silence?: number | undefined;
}

/** What a worker did. */
export interface WorkerResult {
  readonly worker: string;
  /** Jobs that it ended, be it that they were set aside. */
  readonly jobs: number;
  readonly setAside: number;
  readonly commits: number;
  /** Seconds in which no other worker could commit: the rest of the time is what more workers share. */
  readonly turnSeconds: number;
  readonly seconds: number;
}

/**
 * Takes jobs of `cem ingest --queue` until its signal is aborted: files are parsed, packed and encoded while others do the same, and committed many at a time. A job ends in the transaction that commits its rows. Whoever is killed leaves
 * its jobs to others; whoever is stopped gives back what it has not begun to commit.
 *
 * @throws UsageError `COLLECTION_MISSING`, `COLLECTION_SEGMENTS`, `DATABASE_URL`, `JOBS_SETTINGS`; CemError `DATABASE_UNREACHABLE`, `JOBS_PACKAGE`, `FOLDER_LOCKED`; as `loadStudent`. Later on, what is lost is tried again
 */
export async function runWorker(options: WorkerOptions): Promise<WorkerResult> {
  const listener = listenerOf({ ...options, signal: undefined });
  const start = performance.now();
  const opened = new ClosingStack();
  try {
    const worker = await openWorker(options, listener, opened);
    listener.note(`takes the files of ${options.segments}; Ctrl-C stops`);
    const done = await worker.run(options.signal);
    return { ...done, seconds: (performance.now() - start) / 1000 };
  } finally {
    await opened.close();
  }
}

async function openWorker(options: WorkerOptions, listener: Listener, opened: ClosingStack): Promise<Worker> {
  const { database, segments, checkpoint, backend, limits, batch = BATCH_FILES } = options;
  const path = options.into === undefined ? opened.add(await temporaryFolder(), removeFolder) : resolve(options.into);
  if ((await joinCollection(path, segments, database)) === undefined) {
    throw new UsageError(
      'COLLECTION_MISSING',
      `there is no collection in ${segments}: make it with \`cem ingest FILES --queue --database URL --segments ${segments} --into FOLDER\``,
      { details: { segments } },
    );
  }
  const collection = opened.add(await CollectionFolder.openLive(path, { database }), (part) => part.close());
  const settings = settingsOfCollection(path, collection.manifest.settings);
  assertForWorkers(segments, settings);
  const models = modelsFolder(options.models);
  const recognition = recognitionFolder(options.ocrModels, models);
  const own = { backend, models, queries: undefined, limits, recognition, listener };
  const loaded = opened.add(new CollectionModels(own), (part) => part.close());
  const tools = opened.add(await unitTools(collection.manifest, settings), async (part) => part[Symbol.asyncDispose]());
  const queue = opened.add(await JobQueue.open(database, collection.manifest.id, { supervise: true }), (part) => part.close());
  const { silence = SILENCE_SECONDS } = options;
  const pulse = opened.add(new WorkerPulse(queue, silence, listener), (part) => part.close());
  const { units, prune, pruneNoise, figures, periods } = settings;
  const turn: WorkerParts['turn'] = { over: Promise.resolve() };
  return new Worker({
    turn,
    ...{ collection, queue, pulse, listener, batch, untilDone: options.untilDone ?? false },
    tools: {
      ...{ collection, settings, recognises: recognition !== undefined },
      student: () => loaded.studentOf(collection, checkpoint),
      parsing: { threads: loaded.parsers, units, prune, pruneNoise, figures, periods, tools, signal: options.signal },
      outOfTurn: () => turn.over,
      onStage: (doing) => pulse.doing(doing),
    },
  });
}

const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'cem-worker-'));
const removeFolder = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

interface WorkerParts {
  readonly collection: CollectionFolder;
  readonly queue: JobQueue;
  readonly pulse: WorkerPulse;
  readonly listener: Listener;
  readonly tools: BatchTools;
  readonly batch: number;
  readonly untilDone: boolean;
  /** Until when this worker has the turn. */
  readonly turn: { over: Promise<void> };
}

/** While one batch is committed, the next one is parsed and encoded. */
class Worker {
  readonly #parts: WorkerParts;
  #committing: Promise<void> = Promise.resolve();
  #counts = { jobs: 0, setAside: 0, commits: 0, turnSeconds: 0 };

  constructor(parts: WorkerParts) {
    this.#parts = parts;
  }

  async run(signal: AbortSignal | undefined): Promise<Omit<WorkerResult, 'seconds'>> {
    const { pulse, tools } = this.#parts;
    // Nobody waits for jobs that this worker has and cannot encode yet.
    await tools.student();
    await pulse.start();
    while (!signal?.aborted) {
      const lease = await this.#take();
      if (lease === undefined) {
        await this.#committing;
        if (this.#parts.untilDone && (await this.#isDone())) break;
        pulse.doing('waits for jobs');
        await wait(IDLE_MS, undefined, { signal }).catch(() => undefined);
      } else await this.#work(lease, signal);
    }
    await this.#committing;
    return { worker: pulse.worker, ...this.#counts };
  }

  /** Undefined where none waits, and where the database does not answer: it is asked again. */
  async #take(): Promise<JobLease | undefined> {
    const { queue, pulse, batch, listener } = this.#parts;
    try {
      return await queue.take(pulse.worker, batch);
    } catch (error) {
      listener.note(`no jobs were taken: ${messageOf(error)}`);
      return undefined;
    }
  }

  async #isDone(): Promise<boolean> {
    return (await this.#parts.queue.unfinished().catch(() => 1)) === 0;
  }

  async #work(lease: JobLease, signal: AbortSignal | undefined): Promise<void> {
    let parsed: ParsedBatch;
    let packed: PackedBatch;
    try {
      parsed = await parseBatch(lease, this.#parts.tools);
      packed = await packBatch(parsed, this.#parts.tools);
      signal?.throwIfAborted();
    } catch (error) {
      return this.#giveUp(lease, error, signal);
    }
    await this.#committing;
    this.#committing = this.#commit(parsed, packed, signal).catch((error: unknown) => this.#giveUp(lease, error, signal));
  }

  /** Gives jobs to others: as they were where this worker is stopped, or cannot reach what it needs, else as tried. */
  async #giveUp(lease: JobLease, error: unknown, signal: AbortSignal | undefined): Promise<void> {
    const { queue, listener } = this.#parts;
    if (isCemError(error, 'JOBS_TAKEN')) return listener.note(messageOf(error));
    const asBefore = signal?.aborted === true || isUnreachable(error);
    if (!asBefore) listener.note(`${lease.jobs.length} jobs failed: ${messageOf(error)}`);
    if (!signal?.aborted) await wait(PAUSE_MS);
    await (asBefore ? queue.release(lease) : queue.fail(lease, failureOf(error))).catch((failure: unknown) =>
      // Others take them when they hear nothing of this worker any more.
      listener.note(`jobs could not be given back: ${messageOf(failure)}`),
    );
  }

  async #commit(parsed: ParsedBatch, first: PackedBatch, signal: AbortSignal | undefined): Promise<void> {
    const { collection, pulse, tools, listener } = this.#parts;
    let packed = first;
    while (true) {
      try {
        await this.#commitOnce(parsed, packed);
        break;
      } catch (error) {
        // The next batch waits meanwhile; what was prepared is not lost.
        if (isUnreachable(error) && !signal?.aborted) {
          listener.note(`a commit is tried again: ${messageOf(error)}`);
          await wait(PAUSE_MS);
        } else if (isCemError(error, 'COLLECTION_DICTIONARY') || isCemError(error, 'COLLECTION_TURN')) {
          await packed[Symbol.asyncDispose]();
          packed = await packBatch(parsed, tools);
        } else {
          await packed[Symbol.asyncDispose]();
          throw error;
        }
      }
    }
    await packed[Symbol.asyncDispose]();
    const { lease, outcome } = parsed;
    this.#counts.jobs += lease.jobs.length - outcome.again.size;
    this.#counts.setAside += outcome.aside.size;
    this.#counts.commits++;
    pulse.done = this.#counts.jobs;
    if (signal?.aborted) return;
    await mergeShared(collection, signal).catch((error: unknown) => {
      if (!signal?.aborted) listener.note(`segments were not merged: ${messageOf(error)}`);
    });
  }

  async #commitOnce({ lease, outcome }: ParsedBatch, { addition }: PackedBatch): Promise<void> {
    const { collection, queue, pulse, tools, turn } = this.#parts;
    const { shared } = collection;
    if (shared === undefined) throw new UsageError('COLLECTION_SEGMENTS', 'workers are for collections that machines share');
    const { put, remove } = addition;
    if (put.length + remove.length === 0) return this.#parts.queue.transaction((query) => queue.finish(query, lease, outcome));
    pulse.doing(`uploads ${put.length} files`);
    const uploaded = await uploadAddition(shared, addition);
    pulse.doing(`waits to commit ${put.length} files`);
    await collection.inTurn(async () => {
      pulse.doing(`commits ${put.length} files`);
      const begun = performance.now();
      const committing = commitAddition(collection, addition, uploaded, {
        isThere: (known, coming) => isThere(known, coming, tools.recognises),
        also: (query) => queue.finish(query, lease, outcome),
      });
      turn.over = committing.then(
        () => undefined,
        () => undefined,
      );
      await committing;
      this.#counts.turnSeconds += (performance.now() - begun) / 1000;
    });
  }
}

/** Whether the database or the object store did not answer, which says nothing of the jobs. */
function isUnreachable(error: unknown): boolean {
  return ['DATABASE_UNREACHABLE', 'REMOTE_WRITE', 'REMOTE_READ', 'FILE_OPEN', 'FILE_READ'].some((code) =>
    isCemError(error, code),
  );
}
