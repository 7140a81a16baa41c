import { bestEvaluation, type DevEvaluationAtStep, type EarlyStopping, stopsEarly } from '../runs/evaluations.ts';
import type { DevMetrics } from '../runs/metrics-lines.ts';
import type { StepHook, TakenStep } from './run-steps.ts';

interface DevelopmentOptions {
  /** Steps between evaluations; the last step is evaluated too. */
  readonly every: number;
  readonly earlyStopping: EarlyStopping | undefined;
  /** Measures the model as it is now; absent: there is no development data. */
  readonly evaluate: (() => Promise<DevMetrics>) | undefined;
}

/** A run's evaluations on development data: what they gave, which is the best, and whether they end the run. */
export class Development implements StepHook {
  readonly #options: DevelopmentOptions;
  readonly #history: DevEvaluationAtStep[];

  /** @param history evaluations before this start of the run */
  constructor(history: readonly DevEvaluationAtStep[], options: DevelopmentOptions) {
    this.#options = options;
    this.#history = [...history];
  }

  get best(): DevEvaluationAtStep | undefined {
    return bestEvaluation(this.#history);
  }

  get stopsEarly(): boolean {
    const { earlyStopping } = this.#options;
    return earlyStopping !== undefined && stopsEarly(this.#history, earlyStopping);
  }

  /** `, dev 0.4312 at step 500` behind the words `, dev `; empty before the first evaluation. */
  shownBest(words: string): string {
    const { best } = this;
    return best === undefined ? '' : `${words}${best['ndcg@10'].toFixed(4)} at step ${best.step}`;
  }

  /** What a step was measured at; undefined where it was not. */
  at(done: number): DevMetrics | undefined {
    const newest = this.#history.at(-1);
    if (newest?.step !== done) return undefined;
    const { step: _, ...metrics } = newest;
    return metrics;
  }

  async afterStep({ done, last }: TakenStep): Promise<void> {
    const { every, evaluate } = this.#options;
    if (evaluate && (last || done % every === 0)) this.#history.push({ step: done, ...(await evaluate()) });
  }
}
