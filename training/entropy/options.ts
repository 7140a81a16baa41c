import type { Document } from '../../data/index.ts';
import type { EntropyModelConfig } from '../../model/entropy/index.ts';
import type { ChosenThreshold } from '../../model/patching/index.ts';
import type { TrainingListener } from '../runs/training-listener.ts';
import type { EntropyTrainingConfig, WantedPatches } from './config.ts';

/** What decides an entropy model: the part of a configuration that this folder reads. */
export interface EntropyRun {
  readonly seed: number;
  readonly model: EntropyModelConfig;
  readonly training: EntropyTrainingConfig;
  /** Absent: no threshold is chosen. */
  readonly patches?: WantedPatches | undefined;
}

export interface EntropyTrainOptions {
  /** Run folder. */
  readonly run: string;
  readonly resume: boolean;
  /** The whole resolved configuration, as it is kept in the run folder and in every checkpoint. */
  readonly resolved: unknown;
  /** What else the environment file should say, such as the backend. */
  readonly environment: Record<string, unknown>;
  /** The training documents. */
  readonly documents: () => AsyncIterable<Document>;
  readonly listener: TrainingListener;
  /** Asks for a checkpoint and an end after the current step. */
  readonly signal?: AbortSignal;
}

export interface EntropyTrainResult {
  readonly run: string;
  readonly checkpoint: string;
  readonly step: number;
  /** Whether the signal ended it before its last step. */
  readonly interrupted: boolean;
  /** Nats a byte on the texts trained on; null when nothing was left to do. */
  readonly loss: { readonly first: number; readonly last: number } | null;
  /** Bits a byte on texts that were held out; null without such texts. */
  readonly heldOutBits: number | null;
  /** The threshold for the wanted patches; null when none were asked for, when no threshold gives them, or before the last step. */
  readonly threshold: ChosenThreshold | null;
  readonly texts: { readonly trained: number; readonly heldOut: number };
  readonly seconds: number;
}
