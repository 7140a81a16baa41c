import type { Document } from '../../data/index.ts';
import type { TeacherConfig } from '../../encoders/index.ts';
import type { ModelConfig } from '../../model/index.ts';
import type { DevEvaluationAtStep } from '../runs/evaluations.ts';
import type { TrainingListener } from '../runs/training-listener.ts';
import type { PackSettings } from '../variants/config.ts';
import type { TrainingConfig } from './config.ts';
import type { OpenDevEvaluator } from './dev-evaluator.ts';

export interface TrainOptions {
  /** Run folder. */
  readonly run: string;
  readonly resume: boolean;
  readonly seed: number;
  /** `query`: shape of the query student, a model with the input `text`; absent: none is trained. */
  readonly model: ModelConfig & { readonly query?: ModelConfig | undefined };
  readonly teacher: TeacherConfig;
  readonly pack: PackSettings;
  readonly training: TrainingConfig;
  /** The whole resolved configuration, as it is kept in the run folder and in every checkpoint. */
  readonly resolved: unknown;
  /** What else the environment file should say, such as the backend. */
  readonly environment: Record<string, unknown>;
  /** The training documents; read anew for each pass. */
  readonly documents: () => AsyncIterable<Document>;
  /** Share of a document's texts that an epoch takes, 0 to 1; absent: all of all. */
  readonly shareOf?: (id: string) => number;
  /** Sentences that are not trained on by themselves, since the model is measured with them. */
  readonly heldOutSentences?: ReadonlySet<string>;
  /** Folder in which teachers are looked up before the hub. */
  readonly models?: string;
  /** Measures the model every `training.evaluateEvery` steps; absent: never. */
  readonly openDevEvaluator?: OpenDevEvaluator;
  readonly listener: TrainingListener;
  /** Asks for a checkpoint and an end after the current step. */
  readonly signal?: AbortSignal;
}

export interface TrainResult {
  readonly run: string;
  readonly checkpoint: string;
  readonly step: number;
  /** Whether the signal ended it before its last step. */
  readonly interrupted: boolean;
  /** Whether `training.earlyStopping` did. */
  readonly stoppedEarly: boolean;
  /** The best of its evaluations on development data, whose checkpoint is kept; null without any. */
  readonly best: DevEvaluationAtStep | null;
  readonly loss: { readonly first: number; readonly last: number } | null;
  readonly texts: Readonly<Record<string, number>>;
  readonly saving: number;
  readonly seconds: number;
}
