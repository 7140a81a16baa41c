import { z } from 'zod';
import { lossConfigSchema } from '../losses/config.ts';

const positive = z.number().int().positive();

/** How an image tower is trained. */
export const imageTrainingConfigSchema = z.strictObject({
  steps: positive.default(2000).describe('Optimiser steps of the whole run; the schedule ends with the last.'),
  batchSize: positive.default(64).describe('Pictures of a step; each is a negative of the others.'),
  loss: lossConfigSchema
    .pick({ distillation: true, infoNce: true, similarityMatrix: true, spreadOut: true })
    .prefault({})
    .describe("What the vector of a picture is drawn by, the target being the teacher's vector of its caption."),
  augmentation: z
    .strictObject({
      smallestCrop: z
        .number()
        .positive()
        .max(1)
        .default(0.7)
        .describe('Side of the part of a picture that a step sees, at least.'),
      flip: z.boolean().default(true).describe('Half of the time a picture is seen in a mirror.'),
      light: z.number().min(0).max(1).default(0.2).describe('Contrast and brightness change by up to this share.'),
    })
    .prefault({}),
  optimizer: z
    .strictObject({
      learningRate: z.number().positive().default(2e-3).describe('Largest rate; the schedule takes shares of it.'),
      beta1: z.number().min(0).max(1).default(0.9).describe('Decay of the first moments.'),
      beta2: z.number().min(0).max(1).default(0.98).describe('Decay of the second moments.'),
      epsilon: z.number().positive().default(1e-8).describe('Added to the root of the second moments.'),
      weightDecay: z.number().nonnegative().default(0.05).describe('Decay of matrices; norms and biases never decay.'),
      clipNorm: z.number().positive().default(1).describe('Largest global norm of the gradients.'),
    })
    .prefault({}),
  schedule: z
    .strictObject({
      kind: z.enum(['cosine', 'linear', 'constant']).default('cosine').describe('How the rate comes down after its rise.'),
      warmupSteps: z.number().int().nonnegative().default(50).describe('Steps in which the rate rises from 0.'),
      finalShare: z.number().min(0).max(1).default(0).describe('Share of the rate that the schedule ends with.'),
    })
    .prefault({}),
  logEvery: positive.default(10).describe('Steps between lines of `metrics.jsonl`.'),
  checkpointEvery: positive.default(500).describe('Steps between checkpoints; the last step has one too.'),
  keepCheckpoints: positive.default(2).describe('How many of the newest checkpoints stay beside the best.'),
  evaluateEvery: positive
    .optional()
    .describe('Steps between evaluations on the pictures that are held out; by default as `checkpointEvery`.'),
});

export type ImageTrainingConfig = z.infer<typeof imageTrainingConfigSchema>;
