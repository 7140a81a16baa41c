import { type FileHandle, open } from 'node:fs/promises';
import { numbersOf, parseMetricsLine } from '../../../training/index.ts';
import type { Series } from './series.ts';

/** Read at once; a line is shorter. */
const BLOCK_BYTES = 1 << 20;
/** The end of what was read is kept to see whether the file still begins with it: a line's end holds times with all their digits, which no other line has. */
const TAIL_BYTES = 128;
const LINE_FEED = 0x0a;

/**
 * A run's `metrics.jsonl` while it is written: each `refresh` reads what was appended. A last line without its end waits until it is whole. A file that was cut
 * back (a resumed run drops the lines behind its checkpoint) or replaced is read anew.
 */
export class MetricsFile {
  readonly #path: string;
  #series = new Map<string, Series>();
  #lines = 0;
  #step = 0;
  /** Seconds of the line before: as it says, and since the run began. */
  #saidSeconds = 0;
  #seconds = 0;
  /** Time that earlier starts of the run took. */
  #secondsBefore = 0;
  #updated = 0;
  #offset = 0;
  #tail: Buffer = Buffer.alloc(0);
  // From the clock: to a page that stayed open, a server that was started anew must not seem to know nothing new.
  #version = Date.now();
  #reading: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** By name. */
  get series(): ReadonlyMap<string, Series> {
    return this.#series;
  }

  get lines(): number {
    return this.#lines;
  }

  /** Step of the last line; 0 before there is one. */
  get step(): number {
    return this.#step;
  }

  /** When it was last written, in milliseconds since 1970; 0 where it is not there. */
  get updated(): number {
    return this.#updated;
  }

  /** Another number after each change. */
  get version(): number {
    return this.#version;
  }

  /** Reads what is new. Calls may overlap: they take turns. A file that is not there is an empty one. */
  refresh(): Promise<void> {
    const next = this.#reading.then(() => this.#refresh());
    this.#reading = next.catch(() => undefined);
    return next;
  }

  async #refresh(): Promise<void> {
    let handle: FileHandle;
    try {
      handle = await open(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      this.#updated = 0;
      this.#forget();
      return;
    }
    try {
      this.#updated = (await handle.stat()).mtimeMs;
      if (!(await this.#continues(handle))) this.#forget();
      const block = Buffer.alloc(BLOCK_BYTES);
      for (;;) {
        const { bytesRead } = await handle.read(block, 0, BLOCK_BYTES, this.#offset);
        const end = block.subarray(0, bytesRead).lastIndexOf(LINE_FEED) + 1;
        if (end === 0) return;
        const whole = block.subarray(0, end);
        for (const line of whole.toString('utf8').split('\n')) this.#add(line);
        this.#tail = Buffer.from(whole.subarray(-TAIL_BYTES));
        this.#offset += end;
        this.#version++;
      }
    } finally {
      await handle.close();
    }
  }

  /** Whether what was read is still where it was. */
  async #continues(handle: FileHandle): Promise<boolean> {
    const { length } = this.#tail;
    const now = Buffer.alloc(length);
    const { bytesRead } = await handle.read(now, 0, length, this.#offset - length);
    return bytesRead === length && now.equals(this.#tail);
  }

  #forget(): void {
    if (this.#offset === 0) return;
    this.#series = new Map();
    this.#lines = 0;
    this.#step = 0;
    this.#saidSeconds = 0;
    this.#seconds = 0;
    this.#secondsBefore = 0;
    this.#offset = 0;
    this.#tail = Buffer.alloc(0);
    this.#version++;
  }

  /** Takes a line in; one that is no measurement is passed over. */
  #add(text: string): void {
    const line = parseMetricsLine(text);
    if (line === undefined) return;
    const { step, seconds: said, ...rest } = line;
    const seconds = typeof said === 'number' ? said : 0;
    if (step <= this.#step) this.#dropFrom(step);
    // The clock of a resumed run starts at 0.
    if (step <= this.#step || seconds < this.#saidSeconds) this.#secondsBefore = this.#seconds;
    this.#step = step;
    this.#saidSeconds = seconds;
    this.#seconds = this.#secondsBefore + seconds;
    this.#lines++;
    for (const [name, value] of numbersOf(rest)) {
      let series = this.#series.get(name);
      if (series === undefined) {
        series = { step: [], seconds: [], value: [] };
        this.#series.set(name, series);
      }
      series.step.push(step);
      series.seconds.push(this.#seconds);
      series.value.push(value);
    }
  }

  /** A file of steps that were taken twice holds both; the later ones count. */
  #dropFrom(step: number): void {
    for (const { step: steps, seconds, value } of this.#series.values()) {
      const found = steps.findLastIndex((other) => other < step) + 1;
      for (const column of [steps, seconds, value]) column.length = found;
    }
  }
}
