import { existsSync, readFileSync } from 'node:fs';
import type { TextEmbedder } from '../../encoders/index.ts';
import type { CemModel } from '../../model/index.ts';
import type { DevMetrics, MetricsLine } from '../runs/metrics.ts';
import type { PackSettings, TrainingListener } from '../train-options.ts';

/** An evaluation on development data, and the step whose weights it measured. */
export interface DevEvaluationAtStep extends DevMetrics {
  readonly step: number;
}

/** What a development evaluation is made of, once the run has its dictionary and its teacher. */
export interface DevContext {
  /** The run's folder: what is packed for the evaluation goes there. */
  readonly run: string;
  /** Dictionary section of the training corpus. */
  readonly dictionary: Uint8Array;
  readonly pack: PackSettings;
  /** The teacher behind its cache. */
  readonly teacher: TextEmbedder;
  readonly listener: TrainingListener;
}

/** Measures a model between two steps, without changing it. */
export interface DevEvaluator {
  /** Depends on the weights alone, so that a resumed run measures what an uninterrupted one does. */
  evaluate(model: CemModel): Promise<DevMetrics>;
  close(): Promise<void>;
}

/** Training does not know how retrieval is measured: whoever starts a run passes this in. */
export type OpenDevEvaluator = (context: DevContext) => Promise<DevEvaluator>;

/** When a run ends before its last step. */
export interface EarlyStopping {
  /** Evaluations in a row that may pass without a gain. */
  readonly patience: number;
  /** By how much nDCG@10 has to exceed the last one that counted as a gain. */
  readonly minimumGain: number;
}

/** The evaluations of a run in their order: the lines of its `metrics.jsonl` that have one. */
export function readEvaluations(metrics: string): DevEvaluationAtStep[] {
  if (!existsSync(metrics)) return [];
  return readFileSync(metrics, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const { step, dev } = JSON.parse(line) as MetricsLine;
      return dev === undefined ? [] : [{ step, ...dev }];
    });
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
