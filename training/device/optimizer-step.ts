import type { TrainingBatch } from '../batches/training-batch.ts';
import type { StateArrays } from '../optimizers/state-arrays.ts';
import type { MetricsLine } from '../runs/metrics-lines.ts';
import type { StepResult } from '../runs/step-result.ts';

/** Groups of one batch a granularity. */
export type StepGroups = readonly (readonly TrainingBatch[])[];

/** What takes the optimiser steps of an encoder, wherever its state lies. */
export interface OptimizerStep {
  /**
   * A step on the mean gradient of several groups of batches, each of one batch a granularity.
   *
   * @param step from 0 on
   * @param next the groups of the step that is taken next, which may be made ready while this one is computed; absent: not known
   */
  runAccumulated(groups: StepGroups, step: number, next?: Promise<StepGroups>): Promise<StepResult>;
  /** Puts weights and tables as the last step left them into the model, until the next step: their averages, where the configuration has some. What is measured, saved and searched with. */
  showAverages(): Promise<void>;
  /** What a checkpoint has to hold beside the model to go on to the byte; the arrays are valid until the next step. */
  arrays(): Promise<StateArrays>;
  /**
   * Takes up what `arrays` gave, the model being that of the same checkpoint.
   *
   * @throws CemError `CHECKPOINT_SHAPE` when it is that of another configuration
   */
  restore(arrays: StateArrays): void;
  /** What a line of metrics has of it besides; absent: nothing. */
  metrics?(): Partial<MetricsLine>;
  dispose(): void;
}
