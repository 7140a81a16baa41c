import { randomUUID } from 'node:crypto';
import { type Listener, messageOf } from '../../base/index.ts';
import type { JobQueue } from './job-queue.ts';

const BEAT_MS = 2_000;

/** Says that a worker is there and what it does, and gives the jobs of workers that say so no more to others. */
export class WorkerPulse {
  /** Names the worker. */
  readonly worker = randomUUID();
  /** Jobs that it ended. */
  done = 0;
  readonly #queue: JobQueue;
  readonly #silence: number;
  readonly #listener: Pick<Listener, 'note'>;
  #doing = 'begins';
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();
  #busy = false;
  /** Since when all beats came through, as `performance.now()` has it. */
  #heardSince: number | undefined;

  /** @param silence seconds after which a worker counts as lost */
  constructor(queue: JobQueue, silence: number, listener: Pick<Listener, 'note'>) {
    this.#queue = queue;
    this.#silence = silence;
    this.#listener = listener;
  }

  /** Throws what the database does that does not answer. */
  async start(): Promise<void> {
    await this.#queue.tell(this.worker, this.#doing, this.done);
    this.#heardSince = performance.now();
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
  }

  doing(what: string): void {
    this.#doing = what;
  }

  #beat(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#beating = this.#tell().finally(() => {
      this.#busy = false;
    });
  }

  async #tell(): Promise<void> {
    const start = performance.now();
    try {
      await this.#queue.tell(this.worker, this.#doing, this.done);
      // After a time in which nobody could be heard, nobody was silent.
      const justHeard = start - (this.#heardSince ?? start) < this.#silence * 1000;
      this.#heardSince ??= start;
      const lost = justHeard ? 0 : await this.#queue.takeFromSilent(this.#silence);
      if (lost > 0) this.#listener.note(`the jobs of ${lost} workers that were not heard of are done by others`);
    } catch (error) {
      this.#heardSince = undefined;
      this.#listener.note(`the database does not answer: ${messageOf(error)}`);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    await this.#queue.leave(this.worker).catch(() => undefined);
  }
}
