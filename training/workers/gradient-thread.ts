import assert from 'node:assert/strict';
import type { Worker } from 'node:worker_threads';
import { CemError, programFile, startThread } from '../../base/index.ts';
import type { GradientAnswer, GradientJob, GradientThreadData } from './gradient-messages.ts';

interface Waiting {
  resolve(answer: GradientAnswer): void;
  reject(error: CemError): void;
}

/** One thread that computes gradients, seen from the main thread. A thread that has failed fails from then on. */
export class GradientThread {
  /** [weights] their gradient when `finish` has resolved; overwritten by the next job. */
  readonly gradient: Float32Array;
  readonly #signal: Int32Array;
  readonly #worker: Worker;
  #waiting: Waiting | undefined;
  #failure: CemError | undefined;

  constructor(data: Omit<GradientThreadData, 'gradient' | 'signal'>) {
    this.gradient = sharedFloats(data.weights.length);
    this.#signal = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const whole: GradientThreadData = { ...data, gradient: this.gradient, signal: this.#signal };
    this.#worker = startThread(programFile('./gradient-worker', import.meta.url), whole);
    this.#worker.on('message', (answer: GradientAnswer) => {
      if (typeof answer === 'object' && 'failure' in answer) this.#fail(answer.failure);
      else this.#settle(({ resolve }) => resolve(answer));
    });
    this.#worker.on('error', (cause) => this.#fail(cause.message, cause));
    this.#worker.on('messageerror', (cause) => this.#fail(`its answer cannot be read: ${cause.message}`, cause));
    this.#worker.on('exit', (code) => this.#fail(`its exit code is ${code}`));
  }

  /**
   * Resolves when the thread has loaded its program.
   *
   * @throws CemError `TRAINING_WORKER`, as the next two
   */
  async ready(): Promise<void> {
    assert.equal(await this.#answer(), 'ready');
  }

  /** Resolves when the job's `exchange` holds its vectors. */
  async start(job: GradientJob): Promise<void> {
    const answer = this.#answer();
    this.#worker.postMessage(
      job,
      job.pieces.map(({ embeddings }) => embeddings.buffer),
    );
    assert.equal(await answer, 'vectors');
  }

  /**
   * Goes on when the job's `exchange` holds the gradient for its vectors.
   *
   * @returns for each piece the gradient of its symbols' embeddings, [size, symbols, local dimension]
   */
  async finish(): Promise<readonly Float32Array[]> {
    const answer = this.#answer();
    Atomics.store(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
    const done = await answer;
    assert(typeof done === 'object' && 'symbolGradients' in done);
    return done.symbolGradients;
  }

  /** Ends the thread, whatever it is doing or waiting for. */
  async close(): Promise<void> {
    this.#fail('it was closed');
    await this.#worker.terminate();
  }

  #answer(): Promise<GradientAnswer> {
    return new Promise((resolve, reject) => {
      assert(this.#waiting === undefined, 'a thread does one thing at a time');
      if (this.#failure) reject(this.#failure);
      else this.#waiting = { resolve, reject };
    });
  }

  #settle(how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) how(waiting);
  }

  #fail(reason: string, cause?: unknown): void {
    const failure = new CemError(
      'TRAINING_WORKER',
      `a worker of training.workers ended (${reason}): --resume goes on from the newest checkpoint; if memory ran out, a run with fewer workers or smaller batches takes less`,
      { cause },
    );
    this.#failure ??= failure;
    this.#settle(({ reject }) => reject(failure));
  }
}

/** Zeros that threads see at once. */
export function sharedFloats(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT));
}
