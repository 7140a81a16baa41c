import assert from 'node:assert/strict';
import type { Worker } from 'node:worker_threads';
import { CemError } from '../zpkg/index.ts';
import { type CompressedTexts, type CompressionSettings, splitFrames } from './compression-messages.ts';
import { programFile, startThread } from './program-file.ts';

interface Job {
  readonly texts: readonly string[];
  readonly resolve: (frames: Uint8Array[][]) => void;
  readonly reject: (error: CemError) => void;
}

/** Threads that compress lists of texts, each thread one list at a time. */
export class CompressionThreads {
  readonly #idle: Worker[] = [];
  readonly #waiting: Job[] = [];
  readonly #running = new Map<Worker, Job>();
  readonly #workers: Worker[] = [];
  #failure: CemError | undefined;

  constructor(count: number, settings: CompressionSettings) {
    const program = programFile('./compression-worker', import.meta.url);
    for (let number = 0; number < count; number++) {
      const worker = startThread(program, settings);
      worker.on('message', (answer: CompressedTexts) => this.#finish(worker, answer));
      worker.on('error', (cause) => this.#fail(cause));
      worker.on('exit', (code) => this.#fail(`its exit code is ${code}`));
      this.#workers.push(worker);
      this.#idle.push(worker);
    }
  }

  /**
   * @returns the frames of each text
   * @throws CemError `PACK_THREAD` when a thread ended, e.g. for want of memory
   */
  compress(texts: readonly string[]): Promise<Uint8Array[][]> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure);
        return;
      }
      this.#waiting.push({ texts, resolve, reject });
      this.#start();
    });
  }

  /** Ends the threads, whatever they are doing. */
  async close(): Promise<void> {
    this.#failure ??= new CemError('PACK_THREAD', 'the threads that compress were ended');
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(): void {
    while (this.#idle.length > 0 && this.#waiting.length > 0) {
      const worker = this.#idle.pop()!;
      const job = this.#waiting.shift()!;
      this.#running.set(worker, job);
      worker.postMessage(job.texts);
    }
  }

  #finish(worker: Worker, answer: CompressedTexts): void {
    const job = this.#running.get(worker);
    assert(job !== undefined, 'a thread answered without a job');
    this.#running.delete(worker);
    this.#idle.push(worker);
    job.resolve(splitFrames(answer));
    this.#start();
  }

  #fail(cause: unknown): void {
    if (this.#failure) return;
    const words = cause instanceof Error ? cause.message : String(cause);
    this.#failure = new CemError('PACK_THREAD', `a thread that compresses ended (${words}): try --workers 1`, { cause });
    for (const job of [...this.#running.values(), ...this.#waiting]) job.reject(this.#failure);
    this.#waiting.length = 0;
  }
}
