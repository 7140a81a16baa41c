import { z } from 'zod';

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
    })
    .prefault({}),
  triplet: z
    .strictObject({
      weight: weight.default(0),
      margin: z.number().nonnegative().default(0.1),
      falseNegativeMargin: z.number().min(0).max(1).default(0.05),
    })
    .prefault({}),
});
export type LossConfig = z.infer<typeof lossConfigSchema>;

/** One granularity of training text: how many of them a step takes, and what their loss counts. */
const granularitySchema = z.strictObject({ batchSize: z.number().int().nonnegative(), weight });

export const trainingConfigSchema = z.strictObject({
  /** Optimiser steps of the whole run; the schedule ends with the last. */
  steps: positive.default(1000),
  /** The chunks of the packed corpus. */
  passages: granularitySchema.prefault({ batchSize: 64, weight: 1 }),
  /** Sentences of the training documents, each compressed by itself. */
  sentences: granularitySchema.extend({ maximum: positive.default(200_000) }).prefault({ batchSize: 64, weight: 1 }),
  /** Batches that are filled together with chunks of like length, so that little is padded; each epoch still sees every chunk once. */
  lengthBucketBatches: positive.default(16),
  loss: lossConfigSchema.prefault({}),
  optimizer: z
    .strictObject({
      learningRate: z.number().positive().default(1e-3),
      /** Rate of the hash tables, whose rows are each seen in few steps. */
      tablesLearningRate: z.number().positive().default(3e-3),
      beta1: z.number().min(0).max(1).default(0.9),
      beta2: z.number().min(0).max(1).default(0.95),
      epsilon: z.number().positive().default(1e-8),
      weightDecay: weight.default(0.1),
      /** Largest global norm of all gradients, dense and sparse together. */
      clipNorm: z.number().positive().default(1),
    })
    .prefault({}),
  schedule: z
    .strictObject({
      warmupSteps: z.number().int().nonnegative().default(100),
      /** Share of the rate that the cosine ends with (BLT: 0.1). */
      finalShare: z.number().min(0).max(1).default(0.1),
    })
    .prefault({}),
  logEvery: positive.default(10),
  checkpointEvery: positive.default(500),
  /** How many of the newest checkpoints stay. */
  keepCheckpoints: positive.default(2),
});
export type TrainingConfig = z.infer<typeof trainingConfigSchema>;
