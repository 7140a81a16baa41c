import type { MetricsLine } from '../runs/metrics-lines.ts';
import type { StepHook, TakenStep } from './run-steps.ts';
import { StepAverages } from './step-averages.ts';

interface StepLogOptions {
  /** Steps between two lines; the last step has one too. */
  readonly every: number;
  /** Where lines go. */
  readonly logs: readonly { append(line: MetricsLine): void }[];
  /** Whether a step that is not due has a line as well. */
  readonly alsoAt?: (done: number) => boolean;
  /** What a line has besides. */
  readonly extra?: (done: number) => Partial<MetricsLine>;
}

/** Writes averages over steps as lines of metrics. */
export class StepLog implements StepHook {
  readonly #options: StepLogOptions;
  readonly #averages = new StepAverages();
  #losses: { readonly first: number; readonly last: number } | null = null;

  constructor(options: StepLogOptions) {
    this.#options = options;
  }

  /** The loss of the first step and that of the last line, or of the last step where no line followed it; null where no step was taken. */
  get losses(): { readonly first: number; readonly last: number } | null {
    return this.#losses;
  }

  afterStep({ done, last, result, texts }: TakenStep): void {
    const { every, logs, alsoAt, extra } = this.#options;
    const first = this.#losses?.first ?? result.loss;
    this.#averages.add(result, texts);
    this.#losses = { first, last: result.loss };
    if (done % every !== 0 && !last && !alsoAt?.(done)) return;
    const line = { ...this.#averages.line(done), ...extra?.(done) };
    for (const log of logs) log.append(line);
    this.#losses = { first, last: line.loss };
  }
}
