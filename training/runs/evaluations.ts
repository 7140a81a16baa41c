import { type DevMetrics, readMetrics } from './metrics-lines.ts';

/** An evaluation on development data, and the step whose weights it measured. */
export interface DevEvaluationAtStep extends DevMetrics {
  readonly step: number;
}

/** When a run ends before its last step. */
export interface EarlyStopping {
  /** Evaluations in a row that may pass without a gain. */
  readonly patience: number;
  /** By how much nDCG@10 has to exceed the last one that counted as a gain. */
  readonly minimumGain: number;
}

/** The evaluations of a run in their order: the lines of its `metrics.jsonl` that have one. */
export async function readEvaluations(metrics: string): Promise<DevEvaluationAtStep[]> {
  const lines = await readMetrics(metrics);
  return lines.flatMap(({ step, dev }) => (dev === undefined ? [] : [{ step, ...dev }]));
}

/** The best of a run's evaluations by nDCG@10; of equal ones the first. */
export function bestEvaluation(history: readonly DevEvaluationAtStep[]): DevEvaluationAtStep | undefined {
  let best: DevEvaluationAtStep | undefined;
  for (const evaluation of history) if (best === undefined || evaluation['ndcg@10'] > best['ndcg@10']) best = evaluation;
  return best;
}

/** Whether the evaluations so far end the run. It follows from them alone, so that a resumed run stops where an uninterrupted one does. */
export function stopsEarly(history: readonly DevEvaluationAtStep[], { patience, minimumGain }: EarlyStopping): boolean {
  let reached = Number.NEGATIVE_INFINITY;
  let waited = 0;
  for (const { 'ndcg@10': value } of history) {
    if (value > reached + minimumGain) {
      reached = value;
      waited = 0;
    } else {
      waited++;
    }
  }
  return waited >= patience;
}
