import type { PairScorer } from '../../encoders/index.ts';
import type { CrossEncoderModelConfig } from '../../model/cross-encoder/index.ts';
import type { DevEvaluationAtStep } from '../runs/evaluations.ts';
import type { DevMetrics } from '../runs/metrics-lines.ts';
import type { TrainingListener } from '../runs/training-listener.ts';
import type { RerankerTrainingConfig } from './config.ts';

/** A query with what is known of documents for it. */
export interface RerankerQuery {
  readonly text: string;
  /** Ids of relevant documents. */
  readonly positives: readonly string[];
  /** Ids that a retriever has found for it, best first; relevant ones may be among them. */
  readonly candidates: readonly string[];
}

/** What a reranker is trained on: texts are those of the source, never of a container. */
export interface RerankerExamples {
  readonly queries: readonly RerankerQuery[];
  /** Text by document id. */
  readonly texts: ReadonlyMap<string, string>;
}

/** What decides a reranker: the part of a configuration that this folder reads. */
export interface RerankerRun {
  readonly seed: number;
  readonly model: CrossEncoderModelConfig;
  readonly training: RerankerTrainingConfig;
}

export interface RerankerTrainOptions {
  /** Run folder. */
  readonly run: string;
  readonly resume: boolean;
  /** The whole resolved configuration, as it is kept in the run folder and in every checkpoint. */
  readonly resolved: unknown;
  /** What else the environment file should say, such as the backend. */
  readonly environment: Record<string, unknown>;
  readonly examples: RerankerExamples;
  /** Folder with the tokenizer's files. */
  readonly tokenizer: string;
  /** Folder of a BERT whose weights the model starts with; absent: it starts from nothing. */
  readonly startFrom?: string | undefined;
  /** Measures the model between steps; absent: nothing does. It depends on the weights alone. */
  readonly evaluate?: ((scorer: PairScorer) => Promise<DevMetrics>) | undefined;
  readonly listener: TrainingListener;
  /** Asks for a checkpoint and an end after the current step. */
  readonly signal?: AbortSignal;
}

export interface RerankerTrainResult {
  readonly run: string;
  readonly checkpoint: string;
  readonly step: number;
  /** Whether the signal ended it before its last step. */
  readonly interrupted: boolean;
  /** Null when nothing was left to do. */
  readonly loss: { readonly first: number; readonly last: number } | null;
  /** The best evaluation on development data; null without such data. */
  readonly best: DevEvaluationAtStep | null;
  /** Pairs of the whole run. */
  readonly pairs: number;
  readonly texts: { readonly queries: number; readonly documents: number };
  readonly seconds: number;
}
