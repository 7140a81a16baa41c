import { z } from 'zod';
import { textsConfigSchema } from '../batches/config.ts';
import { lossConfigSchema } from '../losses/config.ts';
import { optimizerConfigSchema, scheduleConfigSchema } from '../optimizers/config.ts';
import { tableWarmStartSchema } from '../warm-start/config.ts';

/** Values of `training.tables`. */
const TABLE_PLACES = ['auto', 'device', 'host'] as const;
/** Values of `training.precision`. */
const PRECISIONS = ['float32', 'bf16'] as const;

const positive = z.number().int().positive();
const weight = z.number().nonnegative();

/** How an encoder is trained: every component's own schema, composed. */
export const trainingConfigSchema = z.strictObject({
  steps: positive.default(1000).describe('Optimiser steps of the whole run; the schedule ends with the last.'),
  warmStart: z
    .string()
    .min(1)
    .optional()
    .describe(
      "A checkpoint or run folder of ours, or folder of a BLT checkpoint in transformers' form, whose weights the encoder begins with where both have them in one shape; by default all are drawn.",
    ),
  tableWarmStart: tableWarmStartSchema
    .optional()
    .describe(
      "Begins with tables that a ridge regression fits to the teacher's vectors, see warm-start/; by default they are drawn.",
    ),
  ...textsConfigSchema.shape,
  query: z
    .strictObject({
      steps: positive.optional().describe('Optimiser steps; by default `training.steps`.'),
      batchSize: positive.optional().describe('Texts of each granularity in a step; by default what that granularity has.'),
    })
    .optional()
    .describe("How the query student (`model.query`) is trained; what is not said here is as for the documents' encoder."),
  gradientCaching: z
    .strictObject({ microBatch: positive.describe('Texts in a piece.') })
    .optional()
    .describe(
      'Computes gradients in pieces of this many texts, equal to those of the whole batch: memory is that of a piece, time a third more.',
    ),
  accumulate: positive
    .optional()
    .describe('Batches whose gradients are averaged into one step; 1 by default. In-batch losses see one of them at a time.'),
  recompute: z
    .boolean()
    .optional()
    .describe(
      'Keeps no activations inside transformer blocks and patch pooling and computes them again for the gradient: much less memory, a third more time.',
    ),
  workers: positive
    .max(64)
    .optional()
    .describe(
      'Threads that compute the gradients beside each other, each on one core (backends wasm and cpu); 1 by default: this thread does. Same result as with one, up to rounding.',
    ),
  tables: z
    .enum(TABLE_PLACES)
    .optional()
    .describe(
      'Where hash tables and their optimiser lie, and with them which step is taken. `device`: on the backend with everything else, so that nothing is read in the middle of a step, and backends that compile make one program of it. `host`: in the memory of the process, where they may be larger. `auto`, the default: on the device with the backend xla where they fit, else on the host.',
    ),
  precision: z
    .enum(PRECISIONS)
    .optional()
    .describe(
      'What products of matrices are computed in; `float32` by default. `bf16` (backend xla only): half the memory traffic, and tensor cores where there are some; weights, moments, sums and norms stay float32.',
    ),
  devices: positive
    .max(64)
    .optional()
    .describe(
      'Devices that compute a step together (backend xla only); 1 by default. Each has a share of every batch, of which the batch sizes must be multiples, and whole weights and tables; in-batch losses see the whole batch. Same result as with one, up to rounding.',
    ),
  lengthBucketBatches: positive
    .default(16)
    .describe(
      'Batches that are filled together with chunks of like length, so that little is padded; each epoch still sees every chunk once.',
    ),
  loss: lossConfigSchema.prefault({}),
  optimizer: optimizerConfigSchema.prefault({}),
  ema: z
    .strictObject({ decay: z.number().gt(0).lt(1).describe('Share of the average that a step keeps.') })
    .optional()
    .describe(
      "Moving averages of all weights, which checkpoints then have as the model's weights; what training goes on from stands beside them. By default none.",
    ),
  schedule: scheduleConfigSchema.prefault({}),
  logEvery: positive.default(10).describe('Steps between lines of `metrics.jsonl`.'),
  tensorboard: z
    .boolean()
    .optional()
    .describe("Writes the measurements as TensorBoard's event files into the run folder as well."),
  checkpointEvery: positive.default(500).describe('Steps between checkpoints; the last step has one too.'),
  evaluateEvery: positive
    .optional()
    .describe(
      'Steps between evaluations on `data.dev`, where the run has it; by default `checkpointEvery`. The last step is evaluated too.',
    ),
  earlyStopping: z
    .strictObject({
      patience: positive.default(5).describe('Evaluations in a row.'),
      minimumGain: weight.default(0).describe('How much nDCG@10 must rise to count.'),
    })
    .optional()
    .describe(
      'Ends the run when `patience` evaluations in a row have not exceeded the best nDCG@10 by more than `minimumGain`; absent: never.',
    ),
  keepCheckpoints: positive.default(2).describe('How many of the newest checkpoints stay.'),
  keepCheckpointsEvery: positive
    .optional()
    .describe('Checkpoints whose step is a multiple of this stay as well; by default none.'),
});
export type TrainingConfig = z.infer<typeof trainingConfigSchema>;
