import assert from 'node:assert/strict';
import type { Worker } from 'node:worker_threads';
import { CemError, messageOf, programFile, startThread } from '../../base/index.ts';
import { type CompressedPart, type CompressedTexts, type CompressionSettings, splitParts } from './compression-messages.ts';

/** Lists of texts that a thread has at once: while it compresses one, the next waits with it. */
const LISTS_A_THREAD = 2;

interface Job {
  readonly resolve: (parts: CompressedPart[][]) => void;
  readonly reject: (error: CemError) => void;
}

interface Thread {
  readonly worker: Worker;
  /** In the order in which it was given them, which is the order of its answers. */
  readonly jobs: Job[];
  /** It takes a fair part of a second until a thread has loaded its program. */
  ready: boolean;
}

/** Threads that compress lists of texts, beside the thread that hands these out. */
export class CompressionThreads {
  readonly #count: number;
  readonly #settings: CompressionSettings;
  readonly #threads: Thread[] = [];
  #failure: CemError | undefined;

  /** @param count threads that `start` starts */
  constructor(count: number, settings: CompressionSettings) {
    this.#count = count;
    this.#settings = settings;
  }

  /** Starts the threads; nothing happens when they were started. */
  start(): void {
    const program = programFile('./compression-worker', import.meta.url);
    while (this.#threads.length < this.#count && this.#failure === undefined) {
      const thread: Thread = { worker: startThread(program, this.#settings), jobs: [], ready: false };
      thread.worker.on('message', (answer: CompressedTexts | 'ready') => {
        if (answer === 'ready') thread.ready = true;
        else finish(thread, answer);
      });
      thread.worker.on('error', (cause) => this.#fail(cause));
      thread.worker.on('exit', (code) => this.#fail(`its exit code is ${code}`));
      this.#threads.push(thread);
    }
  }

  /** A thread that has loaded its program would take one list more. */
  get hasRoom(): boolean {
    return this.#threads.some((thread) => thread.ready && thread.jobs.length < LISTS_A_THREAD);
  }

  /**
   * Gives a list to the thread that has the fewest.
   *
   * @returns the parts of each text
   * @throws CemError `PACK_THREAD` when a thread ended, e.g. for want of memory
   */
  compress(texts: readonly string[]): Promise<CompressedPart[][]> {
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure);
        return;
      }
      const ready = this.#threads.filter((thread) => thread.ready);
      const [thread] = (ready.length > 0 ? ready : this.#threads).toSorted((a, b) => a.jobs.length - b.jobs.length);
      assert(thread !== undefined, 'no thread was started');
      thread.jobs.push({ resolve, reject });
      thread.worker.postMessage(texts);
    });
  }

  /** Ends the threads, whatever they are doing. */
  async close(): Promise<void> {
    this.#failure ??= new CemError('PACK_THREAD', 'the threads that compress were ended');
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #fail(cause: unknown): void {
    if (this.#failure) return;
    const words = messageOf(cause);
    this.#failure = new CemError('PACK_THREAD', `a thread that compresses ended (${words}): try --workers 1`, { cause });
    for (const { jobs } of this.#threads) for (const job of jobs) job.reject(this.#failure);
  }
}

function finish(thread: Thread, answer: CompressedTexts): void {
  const job = thread.jobs.shift();
  assert(job !== undefined, 'a thread answered without a job');
  job.resolve(splitParts(answer));
}
