import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { writeFileAtomically } from '../zpkg/index.ts';

/** One line of `metrics.jsonl`; averages are over the steps since the line before. */
export interface MetricsLine {
  readonly step: number;
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;
  readonly learning_rate: number;
  readonly gradient_norm: number;
  /** Since the run (or its resumption) began. */
  readonly seconds: number;
  readonly steps_per_second: number;
  readonly texts_per_second: number;
}

/** A run's `metrics.jsonl`: appended line by line; on resume the lines behind the checkpoint are dropped, so that it reads like that of an uninterrupted run. */
export class MetricsLog {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @param step lines of later steps are dropped */
  static async open(path: string, step: number): Promise<MetricsLog> {
    if (existsSync(path)) {
      const kept = readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => stepOf(line) <= step);
      await writeFileAtomically(path, Buffer.from(kept.length > 0 ? `${kept.join('\n')}\n` : ''));
    }
    return new MetricsLog(path);
  }

  append(line: MetricsLine): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }
}

/** Step of a line; infinity for a line that was cut off by a kill. */
function stepOf(line: string): number {
  try {
    const { step } = JSON.parse(line) as { step?: number };
    return step ?? Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
