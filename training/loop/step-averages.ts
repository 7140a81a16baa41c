import type { MetricsLine } from '../runs/metrics-lines.ts';
import type { StepResult } from '../runs/step-result.ts';

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
