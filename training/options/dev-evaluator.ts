import type { TextEmbedder } from '../../encoders/index.ts';
import type { CemModel } from '../../model/index.ts';
import type { DevMetrics } from '../runs/metrics-lines.ts';
import type { TrainingListener } from '../runs/training-listener.ts';
import type { PackSettings } from '../variants/config.ts';

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
