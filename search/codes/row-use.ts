const DAY_MS = 86_400_000;
/** Beyond so many half-lives numbers are counted from a later moment on. */
const MOST_HALF_LIVES = 500;

/** How much use counts that is longer ago: half as much after each half-life. A use now counts as 1. */
export class AgedUse {
  readonly #halfLife: number;
  readonly #now: () => number;
  readonly #start: number;

  /**
   * @param days of a half-life
   * @param now milliseconds since 1970
   */
  constructor(days: number, now: () => number) {
    this.#halfLife = days * DAY_MS;
    this.#now = now;
    this.#start = now();
  }

  /** What a use now counts in units of one at the start: what was counted before is left as it is, and ages by what comes after it growing. */
  get weight(): number {
    return 2 ** Math.min((this.#now() - this.#start) / this.#halfLife, MOST_HALF_LIVES);
  }
}
