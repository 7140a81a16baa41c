import { z } from 'zod';

const positive = z.number().int().positive();

/** How a reranker is trained. */
export const rerankerTrainingConfigSchema = z.strictObject({
  steps: positive.default(1000).describe('Optimiser steps of the whole run; the schedule ends with the last.'),
  queries: positive.default(8).describe('Queries of a step.'),
  microQueries: positive
    .default(2)
    .describe(
      'Queries whose pairs are computed at once; the gradients of all of a step are added up. It changes memory, not results.',
    ),
  negatives: z
    .strictObject({
      perQuery: positive.default(3).describe('Texts beside the relevant one that a query is trained with in a step.'),
      skip: z
        .number()
        .int()
        .nonnegative()
        .default(0)
        .describe('So many of the first candidates are left out: they may be relevant and not judged.'),
      depth: positive
        .default(50)
        .describe('Negatives are drawn from so many candidates of a query, and from all texts where it has too few.'),
    })
    .prefault({}),
  maximumTokens: positive.default(192).describe('Tokens of a query, a text and the special ones together; longer pairs are cut.'),
  loss: z
    .enum(['listwise', 'binary'])
    .default('listwise')
    .describe('Softmax of the relevant text against the negatives of its query, or each pair by itself: relevant or not.'),
  embeddings: z
    .boolean()
    .default(true)
    .describe('Train the tables of tokens, places and types; false keeps them as they are, which spares memory and time.'),
  recompute: z.boolean().default(false).describe('Compute intermediate results again for the gradient: memory for time.'),
  optimizer: z
    .strictObject({
      learningRate: z.number().positive().default(5e-5).describe('Largest rate; the schedule takes shares of it.'),
      beta1: z.number().min(0).max(1).default(0.9).describe('Decay of the first moments.'),
      beta2: z.number().min(0).max(1).default(0.999).describe('Decay of the second moments.'),
      epsilon: z.number().positive().default(1e-8).describe('Added to the root of the second moments.'),
      weightDecay: z.number().nonnegative().default(0.01).describe('Decay of matrices; norms, biases and tables never decay.'),
      clipNorm: z.number().positive().default(1).describe('Largest global norm of the gradients.'),
    })
    .prefault({}),
  schedule: z
    .strictObject({
      kind: z.enum(['cosine', 'linear', 'constant']).default('linear').describe('How the rate comes down after its rise.'),
      warmupSteps: z.number().int().nonnegative().default(100).describe('Steps in which the rate rises from 0.'),
      finalShare: z.number().min(0).max(1).default(0).describe('Share of the rate that the schedule ends with.'),
    })
    .prefault({}),
  logEvery: positive.default(10).describe('Steps between lines of `metrics.jsonl`.'),
  checkpointEvery: positive.default(500).describe('Steps between checkpoints; the last step has one too.'),
  keepCheckpoints: positive.default(2).describe('How many of the newest checkpoints stay beside the best.'),
  evaluateEvery: positive.optional().describe('Steps between evaluations on `data.dev`; by default as `checkpointEvery`.'),
});

export type RerankerTrainingConfig = z.infer<typeof rerankerTrainingConfigSchema>;
