import type { EncoderDescription, PatchDescription } from '../../encoders/index.ts';
import type { QueryHeadModel, QueryHeadModelConfig } from '../../model/query-head/index.ts';
import type { DevEvaluationAtStep } from '../runs/evaluations.ts';
import type { DevMetrics } from '../runs/metrics-lines.ts';
import type { TrainingListener } from '../runs/training-listener.ts';
import type { QueryHeadTrainingConfig } from './config.ts';
import type { TokenRows } from './token-rows.ts';

/** A query with what is known of passages for it. Numbers are those of the texts in `QueryHeadExamples`. */
export interface HeadPair {
  readonly query: number;
  /** Passages that belong to it; one of them is drawn in a step. */
  readonly positives: readonly number[];
  /** Passages that retrievers have found for it, best first; relevant ones may be among them. */
  readonly candidates: readonly number[];
}

/** How well a cross-encoder finds that passages answer a query, higher is better. */
export type ScorePassages = (query: number, keys: readonly number[]) => Promise<readonly number[]>;

/** What a head is trained on: the frozen vectors of tokens. */
export interface QueryHeadExamples {
  readonly queries: TokenRows;
  readonly keys: TokenRows;
  readonly pairs: readonly HeadPair[];
  /** Needed for `training.distillation`. */
  readonly score?: ScorePassages | undefined;
}

/** What decides a head: the part of a configuration that this folder reads. */
export interface QueryHeadRun {
  readonly seed: number;
  readonly model: QueryHeadModelConfig;
  readonly training: QueryHeadTrainingConfig;
}

export interface QueryHeadTrainOptions {
  /** Run folder. */
  readonly run: string;
  readonly resume: boolean;
  /** The whole resolved configuration, as it is kept in the run folder and in every checkpoint. */
  readonly resolved: unknown;
  /** What else the environment file should say, such as the backend. */
  readonly environment: Record<string, unknown>;
  /** Who made the token vectors of queries, and those of passages where `patches` did not. */
  readonly encoder: EncoderDescription;
  /** Whose patches the vectors of passages are; absent: those are of tokens. */
  readonly patches?: PatchDescription | undefined;
  readonly examples: QueryHeadExamples;
  /** Measures the head between steps; absent: nothing does. It depends on the weights alone. */
  readonly evaluate?: ((model: QueryHeadModel) => Promise<DevMetrics>) | undefined;
  readonly listener: TrainingListener;
  /** Asks for a checkpoint and an end after the current step. */
  readonly signal?: AbortSignal;
}

export interface QueryHeadTrainResult {
  readonly run: string;
  readonly checkpoint: string;
  readonly step: number;
  /** Whether the signal ended it before its last step. */
  readonly interrupted: boolean;
  /** Null when nothing was left to do. */
  readonly loss: { readonly first: number; readonly last: number } | null;
  /** The best evaluation on development data; null without such data. */
  readonly best: DevEvaluationAtStep | null;
  readonly texts: { readonly queries: number; readonly passages: number };
  /** Numbers of the head. */
  readonly weights: number;
  readonly seconds: number;
}
