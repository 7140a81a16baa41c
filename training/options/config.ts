import { z } from 'zod';
import { textsConfigSchema } from '../batches/config.ts';
import { lossConfigSchema } from '../losses/config.ts';
import { optimizerConfigSchema, scheduleConfigSchema } from '../optimizers/config.ts';
import { tableWarmStartSchema } from '../warm-start/config.ts';

const positive = z.number().int().positive();
const weight = z.number().nonnegative();

/** How an encoder is trained: every component's own schema, composed. */
export const trainingConfigSchema = z.strictObject({
  /** Optimiser steps of the whole run; the schedule ends with the last. */
  steps: positive.default(1000),
  /** A checkpoint or run folder of ours, or folder of a BLT checkpoint in transformers' form, whose weights the encoder begins with where both have them in one shape; by default all are drawn. */
  warmStart: z.string().min(1).optional(),
  /** Begins with tables that a ridge regression fits to the teacher's vectors, see warm-start/; by default they are drawn. */
  tableWarmStart: tableWarmStartSchema.optional(),
  ...textsConfigSchema.shape,
  /** How the query student (`model.query`) is trained; what is not said here is as for the documents' encoder. */
  query: z
    .strictObject({
      /** Optimiser steps; by default `training.steps`. */
      steps: positive.optional(),
      /** Texts of each granularity in a step; by default what that granularity has. */
      batchSize: positive.optional(),
    })
    .optional(),
  /** Computes gradients in pieces of this many texts, equal to those of the whole batch: memory is that of a piece, time a third more. */
  gradientCaching: z.strictObject({ microBatch: positive }).optional(),
  /** Batches whose gradients are averaged into one step; 1 by default. In-batch losses see one of them at a time. */
  accumulate: positive.optional(),
  /** Keeps no activations inside transformer blocks and patch pooling and computes them again for the gradient: much less memory, a third more time. */
  recompute: z.boolean().optional(),
  /** Threads that compute the gradients beside each other, each on one core (backends wasm and cpu); 1 by default: this thread does. Same result as with one, up to rounding. */
  workers: positive.max(64).optional(),
  /** Batches that are filled together with chunks of like length, so that little is padded; each epoch still sees every chunk once. */
  lengthBucketBatches: positive.default(16),
  loss: lossConfigSchema.prefault({}),
  optimizer: optimizerConfigSchema.prefault({}),
  /** Moving averages of all weights, which checkpoints then have as the model's weights; what training goes on from stands beside them. By default none. */
  ema: z.strictObject({ decay: z.number().gt(0).lt(1) }).optional(),
  schedule: scheduleConfigSchema.prefault({}),
  logEvery: positive.default(10),
  /** Writes the measurements as TensorBoard's event files into the run folder as well. */
  tensorboard: z.boolean().optional(),
  checkpointEvery: positive.default(500),
  /** Steps between evaluations on `data.dev`, where the run has it; by default `checkpointEvery`. The last step is evaluated too. */
  evaluateEvery: positive.optional(),
  /** Ends the run when `patience` evaluations in a row have not exceeded the best nDCG@10 by more than `minimumGain`; absent: never. */
  earlyStopping: z.strictObject({ patience: positive.default(5), minimumGain: weight.default(0) }).optional(),
  /** How many of the newest checkpoints stay. */
  keepCheckpoints: positive.default(2),
  /** Checkpoints whose step is a multiple of this stay as well; by default none. */
  keepCheckpointsEvery: positive.optional(),
});
export type TrainingConfig = z.infer<typeof trainingConfigSchema>;
