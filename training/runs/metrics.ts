import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { writeFileAtomically } from '../../base/index.ts';
import type { StepResult } from '../loop/step.ts';

/** How the model does on the documents that are kept for judging it while it trains. */
export interface DevMetrics {
  readonly 'ndcg@10': number;
  /** The student's nDCG@10 as a share of the teacher's. */
  readonly retention: number;
}

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
  /** Bytes of the process that are in memory (resident set size). */
  readonly memory: number;
  /** Share of the time since the line before that steps waited for their batches; absent in runs from before it was measured. */
  readonly loader_wait_share?: number;
  /** On the lines of the steps that were evaluated. */
  readonly dev?: DevMetrics;
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

/** Averages of step results between two lines of the log. */
export class StepAverages {
  readonly #start = performance.now();
  #since = performance.now();
  #steps = 0;
  #texts = 0;
  #loss = 0;
  #gradientNorm = 0;
  #learningRate = 0;
  #terms: Record<string, number> = {};

  add(result: StepResult, texts: number): void {
    this.#steps++;
    this.#texts += texts;
    this.#loss += result.loss;
    this.#gradientNorm += result.gradientNorm;
    this.#learningRate = result.learningRate;
    for (const [name, value] of Object.entries(result.terms)) this.#terms[name] = (this.#terms[name] ?? 0) + value;
  }

  /** The averages since the last call, which start anew. */
  line(step: number): MetricsLine {
    const now = performance.now();
    const seconds = (now - this.#since) / 1000;
    const steps = this.#steps;
    const line = {
      step,
      loss: this.#loss / steps,
      terms: Object.fromEntries(Object.entries(this.#terms).map(([name, value]) => [name, value / steps])),
      learning_rate: this.#learningRate,
      gradient_norm: this.#gradientNorm / steps,
      seconds: (now - this.#start) / 1000,
      steps_per_second: steps / seconds,
      texts_per_second: this.#texts / seconds,
      memory: process.memoryUsage.rss(),
    };
    this.#since = now;
    this.#steps = 0;
    this.#texts = 0;
    this.#loss = 0;
    this.#gradientNorm = 0;
    this.#terms = {};
    return line;
  }
}
