import { busy } from './errors.ts';

export interface QueryQueueOptions {
  /** Searches that run at the same time: as many as the encoder takes in one call are at hand whenever it is free. */
  readonly running?: number;
  /** Searches that wait beyond those; what comes then is turned away. */
  readonly waiting?: number;
}

const RUNNING = 64;
const WAITING = 1_024;

/** Lets searches run, so many at a time, in the order in which they came. One whose client goes while it waits never begins. */
export class QueryQueue {
  readonly #maximumRunning: number;
  readonly #maximumWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor({ running = RUNNING, waiting = WAITING }: QueryQueueOptions = {}) {
    this.#maximumRunning = running;
    this.#maximumWaiting = waiting;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * @param signal of the client: aborted when it goes
   * @throws HttpError 503 where too many wait; the signal's reason
   */
  async run<Result>(work: (signal: AbortSignal) => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const leave = await this.enter(signal);
    try {
      signal.throwIfAborted();
      return await work(signal);
    } finally {
      leave();
    }
  }

  /**
   * Waits for a place, and takes it until the function that comes back is called, once.
   *
   * @throws as `run`
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#running < this.#maximumRunning) this.#running++;
    else await this.#turn(signal);
    return () => {
      // The place is handed on, so that nobody who comes now overtakes the first who waits.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    };
  }

  /** Resolves when a place is handed to this search. */
  #turn(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#maximumWaiting)
      throw busy(`${this.#running} requests run and ${this.#waiting.length} wait; try again a little later`);
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1);
        reject(signal.reason);
      };
      const begin = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(begin);
    });
  }
}
