import { z } from 'zod';
import { TABLE_OPTIMIZERS } from './optimizers/create-table-optimizer.ts';
import { ADAFACTOR_DEFAULTS, DENSE_OPTIMIZERS, LION_DEFAULTS } from './optimizers/dense-optimizer-options.ts';
import { SCHEDULES } from './optimizers/schedules.ts';

const positive = z.number().int().positive();
const weight = z.number().nonnegative();

/** Weights of the losses and their own settings; sources in losses/. */
export const lossConfigSchema = z.strictObject({
  distillation: z.strictObject({ weight: weight.default(1), kind: z.enum(['cosine', 'mse']).default('cosine') }).prefault({}),
  infoNce: z
    .strictObject({
      weight: weight.default(1),
      temperature: z.number().positive().default(0.05),
      falseNegativeMargin: z.number().min(0).max(1).default(0.05),
      /** Further negatives: for each text those of the teacher's nearest among `pool` others drawn for the step. By default none. */
      hardNegatives: z.strictObject({ perText: positive.default(4), pool: positive.default(1024) }).optional(),
      /** Further negatives: the last `size` texts of the same granularity that were trained on before, from step `startStep` on (0 by default). By default none. */
      memory: z.strictObject({ size: positive, startStep: z.number().int().nonnegative().optional() }).optional(),
    })
    .prefault({}),
  triplet: z
    .strictObject({
      weight: weight.default(0),
      margin: z.number().nonnegative().default(0.1),
      falseNegativeMargin: z.number().min(0).max(1).default(0.05),
    })
    .prefault({}),
  /** Absent, as the three below: not computed. */
  similarityMatrix: z.strictObject({ weight: weight.default(1) }).optional(),
  /** Margin of Jasper and Stella, who weigh cosine 10, similarity 200, order 20 (Zhang et al. 2024). */
  pairwiseOrder: z.strictObject({ weight: weight.default(1), margin: z.number().nonnegative().default(0.015) }).optional(),
  spreadOut: z.strictObject({ weight: weight.default(1) }).optional(),
  /** What the mean over the model's shorter dimensions (`model.matryoshka`) weighs beside the full one; 1 by default. */
  matryoshka: z.strictObject({ weight }).optional(),
});
export type LossConfig = z.infer<typeof lossConfigSchema>;

/** One granularity of training text: how many of them a step takes, and what their loss counts. */
const granularitySchema = z.strictObject({ batchSize: z.number().int().nonnegative(), weight });

/**
 * Defaults: before the first step a model ranked unseen passages at nDCG@10 0.292 after 5 rounds with ridge 5, at 0.296 after 15 with 3 and with 20, at 0.290 after 30 with 0.5 (3,000 passages of
 * technical documentation, LSA, counts divided by the root of positions): more rounds cost more than they bring.
 */
const tableWarmStartSchema = z.strictObject({
  /** What the squares of the tables weigh beside the squared errors. In the equation of a text, the squares of its factors sum to about one a table. */
  ridge: z.number().positive().default(5),
  /** Rounds of conjugate gradients. */
  iterations: positive.default(5),
  /** At most so many labelled texts, drawn from all granularities. */
  texts: positive.default(50_000),
});

export const trainingConfigSchema = z.strictObject({
  /** Optimiser steps of the whole run; the schedule ends with the last. */
  steps: positive.default(1000),
  /** A checkpoint or run folder of ours, or folder of a BLT checkpoint in transformers' form, whose weights the encoder begins with where both have them in one shape; by default all are drawn. */
  warmStart: z.string().min(1).optional(),
  /** Begins with tables that a ridge regression fits to the teacher's vectors, see warm-start/; by default they are drawn. */
  tableWarmStart: tableWarmStartSchema.optional(),
  /** The chunks of the packed corpus. */
  passages: granularitySchema.prefault({ batchSize: 64, weight: 1 }),
  /** Sentences of the training documents, each compressed by itself. */
  sentences: granularitySchema.extend({ maximum: positive.default(200_000) }).prefault({ batchSize: 64, weight: 1 }),
  /** Titles of the documents, where they have any; absent, as the two below: none. */
  titles: granularitySchema.extend({ maximum: positive.default(200_000) }).optional(),
  /** Words of the passages, the most frequent first. */
  words: granularitySchema.extend({ maximum: positive.default(50_000) }).optional(),
  /** Runs of words from random places of the passages; `shortest` and `longest` in words. */
  spans: granularitySchema
    .extend({ maximum: positive.default(100_000), shortest: positive.default(2), longest: positive.default(32) })
    .refine(({ shortest, longest }) => shortest <= longest, { path: ['longest'], message: 'must not be below shortest' })
    .optional(),
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
  optimizer: z
    .strictObject({
      learningRate: z.number().positive().default(1e-3),
      /** Rate of the hash tables, whose rows are each seen in few steps. */
      tablesLearningRate: z.number().positive().default(3e-3),
      /** Of the dense weights; by default `adamw`. `adafactor` keeps next to nothing beside the weights, `lion` half of what AdamW keeps. */
      kind: z.enum(DENSE_OPTIMIZERS).optional(),
      /** With `kind: adafactor`; sources in optimizers/. `relativeStep` multiplies a weight's rate by the root mean square of its numbers. */
      adafactor: z
        .strictObject({
          decayExponent: z.number().positive().default(ADAFACTOR_DEFAULTS.decayExponent),
          clipThreshold: z.number().positive().default(ADAFACTOR_DEFAULTS.clipThreshold),
          relativeStep: z.boolean().default(ADAFACTOR_DEFAULTS.relativeStep),
        })
        .optional(),
      /** With `kind: lion`, whose betas are not those of Adam. */
      lion: z
        .strictObject({
          beta1: z.number().min(0).max(1).default(LION_DEFAULTS.beta1),
          beta2: z.number().min(0).max(1).default(LION_DEFAULTS.beta2),
        })
        .optional(),
      /** By default `adam`; `rowwise-adagrad` keeps one number a row where memory asks for it. */
      tables: z.enum(TABLE_OPTIMIZERS).optional(),
      beta1: z.number().min(0).max(1).default(0.9),
      beta2: z.number().min(0).max(1).default(0.95),
      epsilon: z.number().positive().default(1e-8),
      /** Of matrices; norms never decay. */
      weightDecay: weight.default(0.1),
      /** Whether the dense embeddings (kinds of symbols) decay as other matrices do; they do by default. Hash tables never decay. */
      decayEmbeddings: z.boolean().optional(),
      /** Largest global norm of all gradients, dense and sparse together. */
      clipNorm: z.number().positive().default(1),
    })
    .refine(({ kind, adafactor }) => adafactor === undefined || kind === 'adafactor', {
      message: 'counts with kind: adafactor only; set that kind or remove it',
      path: ['adafactor'],
    })
    .refine(({ kind, lion }) => lion === undefined || kind === 'lion', {
      message: 'counts with kind: lion only; set that kind or remove it',
      path: ['lion'],
    })
    .prefault({}),
  /** Moving averages of all weights, which checkpoints then have as the model's weights; what training goes on from stands beside them. By default none. */
  ema: z.strictObject({ decay: z.number().gt(0).lt(1) }).optional(),
  schedule: z
    .strictObject({
      /** By default `cosine`. */
      kind: z.enum(SCHEDULES).optional(),
      warmupSteps: z.number().int().nonnegative().default(100),
      /** Share of the rate that the schedule ends with (BLT: 0.1). */
      finalShare: z.number().min(0).max(1).default(0.1),
      /** Share of the run in which `warmup-stable-decay` comes down; 0.1 by default. */
      decayShare: z.number().positive().max(1).optional(),
    })
    .prefault({}),
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
