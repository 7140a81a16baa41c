import { appendFileSync, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { CemError, messageOf, writeFileAtomically } from '../../base/index.ts';
import { type MetricsLine, wholeLines } from './metrics-lines.ts';

/** A run's `metrics.jsonl`: appended line by line; on resume the lines behind the checkpoint are dropped, so that it reads like that of an uninterrupted run. */
export class MetricsLog {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @param step lines of later steps are dropped */
  static async open(path: string, step: number): Promise<MetricsLog> {
    if (existsSync(path)) {
      const kept = wholeLines(await readFile(path, 'utf8')).filter((line) => line.metrics.step <= step);
      await writeFileAtomically(path, Buffer.from(kept.map(({ text }) => `${text}\n`).join('')));
    }
    return new MetricsLog(path);
  }

  append(line: MetricsLine): void {
    try {
      appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
    } catch (cause) {
      throw new CemError(
        'FILE_WRITE',
        `writing ${this.#path} failed: ${messageOf(cause)}; --resume goes on from the newest checkpoint`,
        { details: { path: this.#path }, cause },
      );
    }
  }
}
