import { setImmediate } from 'node:timers/promises';
import type { CemModel, PreparedDictionary } from '../../model/index.ts';
import type { Granularity } from '../batches/granularity.ts';
import type { TrainingBatch } from '../batches/training-batch.ts';
import { EncodingThread } from '../workers/encoding-thread.ts';

interface PrefetchOptions {
  /** Groups of batches a step, one batch a granularity each. */
  readonly groups: number;
  /** Steps of the run; nothing is prepared beyond the last. */
  readonly steps: number;
}

interface PreparedStep {
  readonly step: number;
  readonly groups: Promise<TrainingBatch[][]>;
  /** The other thread has what it needs of this one. */
  readonly handedOver: Promise<unknown>;
  /** Nothing is read or made any longer. */
  readonly settled: Promise<unknown>;
}

/** Steps that are prepared beside the one that is given out. */
const AHEAD = 2;

/**
 * The batches of steps, each prepared while steps before it are computed: frames are asked for two steps before, and are with the thread that encodes them when the step before
 * begins, since a backend may block this thread until it ends. Batches are functions of their number, so that order and content are those of a run without.
 */
export class BatchPrefetch {
  readonly #granularities: readonly Granularity[];
  readonly #model: CemModel;
  readonly #dictionary: PreparedDictionary;
  readonly #options: PrefetchOptions;
  readonly #thread: Pick<EncodingThread, 'encode' | 'close'>;
  /** Steps that follow each other. */
  #ahead: PreparedStep[] = [];
  #waited = 0;
  #since = performance.now();

  /** @param thread where frames are encoded; `close` closes it */
  constructor(
    granularities: readonly Granularity[],
    model: CemModel,
    dictionary: PreparedDictionary,
    options: PrefetchOptions,
    thread: Pick<EncodingThread, 'encode' | 'close'> = new EncodingThread(model),
  ) {
    this.#granularities = granularities;
    this.#model = model;
    this.#dictionary = dictionary;
    this.#options = options;
    this.#thread = thread;
  }

  /**
   * The groups of one step, which are one batch a granularity each.
   *
   * @param step from 0 on; those that follow each other are prefetched, any other is made when it is asked for
   * @throws what reading and encoding throw
   */
  async take(step: number): Promise<TrainingBatch[][]> {
    const start = performance.now();
    // A backend may block this thread from step to step: here messages and signals come in.
    await setImmediate();
    if (this.#ahead[0]?.step !== step) this.#ahead = [this.#prepare(step)];
    const taken = this.#ahead.shift()!;
    const groups = await taken.groups;
    for (let next = step + 1 + this.#ahead.length; next <= Math.min(step + AHEAD, this.#options.steps - 1); next++)
      this.#ahead.push(this.#prepare(next));
    await this.#ahead[0]?.handedOver;
    this.#waited += performance.now() - start;
    return groups;
  }

  /** The groups of the step that follows the one that was taken last, which `take` will give; undefined where none follows. Nobody is kept waiting, and what they throw is thrown there. */
  next(): Promise<TrainingBatch[][]> | undefined {
    return this.#ahead[0]?.groups;
  }

  /** Share of the time since the last call in which `take` kept its caller waiting. */
  waitShare(): number {
    const now = performance.now();
    const share = this.#waited / (now - this.#since);
    this.#waited = 0;
    this.#since = now;
    return share;
  }

  /** Ends the thread; no batch is being read or made when it resolves. */
  async close(): Promise<void> {
    await this.#thread.close();
    await Promise.all(this.#ahead.map(({ settled }) => settled));
  }

  #prepare(step: number): PreparedStep {
    const handedOver: Promise<void>[] = [];
    const batches: Promise<TrainingBatch>[] = [];
    const prepareBatch = (part: Granularity, number: number): Promise<TrainingBatch> => {
      const { promise, resolve } = deferred();
      const batch = part.batch(number, this.#model, this.#dictionary, (texts) => {
        const encoded = this.#thread.encode(texts);
        resolve();
        return encoded;
      });
      // Models that read text encode it on this thread.
      batch.then(resolve, resolve);
      handedOver.push(promise);
      batches.push(batch);
      return batch;
    };
    const { groups } = this.#options;
    const made = Promise.all(
      Array.from({ length: groups }, (_, group) =>
        Promise.all(this.#granularities.map((part) => prepareBatch(part, step * groups + group))),
      ),
    );
    // An error is for the caller who takes the step, who may not be there yet.
    made.catch(() => undefined);
    return { step, groups: made, handedOver: Promise.all(handedOver), settled: Promise.allSettled(batches) };
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
