import type { ImageTowerState } from '../../checkpoints/index.ts';
import type { ImageTowerModel, ImageTowerShape } from '../../model/image-tower/index.ts';
import type { DevEvaluationAtStep } from '../runs/evaluations.ts';
import type { DevMetrics } from '../runs/metrics-lines.ts';
import type { TrainingListener } from '../runs/training-listener.ts';
import type { ImageTrainingConfig } from './config.ts';

/** What an image tower is trained on: pictures, and the teacher's vectors of their captions. */
export interface ImageExamples {
  readonly count: number;
  /** [count, size, size, 3] bytes */
  readonly pictures: Uint8Array;
  /** [count, dimension], L2-normalised */
  readonly targets: Float32Array;
  readonly dimension: number;
}

/** What decides an image tower: the part of a configuration that this folder reads. */
export interface ImageRun {
  readonly seed: number;
  readonly model: ImageTowerShape;
  readonly training: ImageTrainingConfig;
}

export interface ImageTrainOptions {
  /** Run folder. */
  readonly run: string;
  readonly resume: boolean;
  /** The whole resolved configuration, as it is kept in the run folder and in every checkpoint. */
  readonly resolved: unknown;
  /** What else the environment file should say, such as the backend. */
  readonly environment: Record<string, unknown>;
  readonly examples: ImageExamples;
  /** Whose vectors the targets are. */
  readonly teacher: ImageTowerState['teacher'];
  /** Measures the model between steps; absent: nothing does. It depends on the weights alone. */
  readonly evaluate?: ((model: ImageTowerModel) => Promise<DevMetrics>) | undefined;
  readonly listener: TrainingListener;
  /** Asks for a checkpoint and an end after the current step. */
  readonly signal?: AbortSignal;
}

export interface ImageTrainResult {
  readonly run: string;
  readonly checkpoint: string;
  readonly step: number;
  /** Whether the signal ended it before its last step. */
  readonly interrupted: boolean;
  /** Null when nothing was left to do. */
  readonly loss: { readonly first: number; readonly last: number } | null;
  /** The best evaluation on pictures that are held out; null without them. */
  readonly best: DevEvaluationAtStep | null;
  /** Pictures that it was trained on. */
  readonly pictures: number;
  readonly seconds: number;
}
