import { setImmediate } from 'node:timers/promises';
import type { CemModel, PreparedDictionary } from '../model/embedder.ts';
import type { Granularity } from './granularity.ts';
import type { TrainingBatch } from './training-batch.ts';
import { EncodingThread } from './workers/encoding-thread.ts';

interface PrefetchOptions {
  /** Groups of batches a step, one batch a granularity each. */
  readonly groups: number;
  /** Of the run; nothing is prepared beyond the last. */
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

/**
 * The batches of steps, each prepared while the step before it is computed: frames are read before that step begins, since a backend may block this thread until it ends, and
 * encoded on a thread meanwhile. Batches are functions of their number, so that order and content are those of a run without.
 */
export class BatchPrefetch {
  readonly #granularities: readonly Granularity[];
  readonly #model: CemModel;
  readonly #dictionary: PreparedDictionary;
  readonly #options: PrefetchOptions;
  readonly #thread: Pick<EncodingThread, 'encode' | 'close'>;
  #next: PreparedStep | undefined;
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
    const taken = this.#next?.step === step ? this.#next : this.#prepare(step);
    this.#next = undefined;
    const groups = await taken.groups;
    if (step + 1 < this.#options.steps) {
      this.#next = this.#prepare(step + 1);
      await this.#next.handedOver;
    }
    this.#waited += performance.now() - start;
    return groups;
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
    await this.#next?.settled;
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
