import { z } from 'zod';

const positive = z.number().int().positive();

/** How a head over token vectors is trained. */
export const queryHeadTrainingConfigSchema = z.strictObject({
  steps: positive.default(600).describe('Optimiser steps of the whole run; the schedule ends with the last.'),
  pairs: positive.default(32).describe('Pairs of a step; the passages of the others are negatives of each.'),
  negatives: z
    .strictObject({
      perPair: z
        .number()
        .int()
        .nonnegative()
        .default(1)
        .describe('Hard negatives of a pair in a step; those of the others count for it as well.'),
      skip: z
        .number()
        .int()
        .nonnegative()
        .default(0)
        .describe('So many of the first candidates are left out: they may be relevant and not judged.'),
      depth: positive.default(20).describe('Hard negatives are drawn from so many candidates of a pair.'),
    })
    .prefault({}),
  score: z
    .enum(['sum', 'top_mean', 'both'])
    .default('sum')
    .describe(
      'What a group scores by: of the best match of each query vector the mean, which orders as the sum of ColBERT (Khattab and Zaharia 2020) does, or the mean of the largest `topPerQuery`; `both`: the mean of both losses, `sum` on `data.dev`.',
    ),
  topPerQuery: positive.default(3).describe('Best matches that `top_mean` counts.'),
  scale: z.number().positive().default(20).describe('Multiplies scores, cosines in the mean, before the softmax.'),
  distillation: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      "Share of the loss that is the divergence from a cross-encoder's softmax over a pair's own passage and hard negatives (`data.teacher`), not the contrast in the batch.",
    ),
  tokens: z
    .strictObject({
      query: positive.max(256).default(32).describe('Content tokens of a query that it is trained with, at most.'),
      key: positive.max(256).default(32).describe('Content tokens of a passage, at most; those that weigh most by TF-IDF.'),
    })
    .prefault({}),
  optimizer: z
    .strictObject({
      learningRate: z.number().positive().default(1e-3).describe('Largest rate; the schedule takes shares of it.'),
      beta1: z.number().min(0).max(1).default(0.9).describe('Decay of the first moments.'),
      beta2: z.number().min(0).max(1).default(0.999).describe('Decay of the second moments.'),
      epsilon: z.number().positive().default(1e-8).describe('Added to the root of the second moments.'),
      weightDecay: z.number().nonnegative().default(0).describe('Decay of matrices.'),
      clipNorm: z.number().positive().default(1).describe('Largest global norm of the gradients.'),
    })
    .prefault({}),
  schedule: z
    .strictObject({
      kind: z.enum(['cosine', 'linear', 'constant']).default('linear').describe('How the rate comes down after its rise.'),
      warmupSteps: z.number().int().nonnegative().default(20).describe('Steps in which the rate rises from 0.'),
      finalShare: z.number().min(0).max(1).default(0).describe('Share of the rate that the schedule ends with.'),
    })
    .prefault({}),
  logEvery: positive.default(10).describe('Steps between lines of `metrics.jsonl`.'),
  checkpointEvery: positive.default(200).describe('Steps between checkpoints; the last step has one too.'),
  keepCheckpoints: positive.default(2).describe('How many of the newest checkpoints stay beside the best.'),
  evaluateEvery: positive.optional().describe('Steps between evaluations on `data.dev`; by default as `checkpointEvery`.'),
});

export type QueryHeadTrainingConfig = z.infer<typeof queryHeadTrainingConfigSchema>;
