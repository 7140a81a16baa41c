import { z } from 'zod';

const positive = z.number().int().positive();
const weight = z.number().nonnegative();

/** Weights of the losses and their own settings; sources stand beside each of them. */
export const lossConfigSchema = z.strictObject({
  distillation: z
    .strictObject({
      weight: weight.default(1).describe('What it weighs in the sum; 0: it is not computed.'),
      kind: z
        .enum(['cosine', 'mse'])
        .default('cosine')
        .describe(
          "`cosine`: mean(1 - cosine to the teacher's vector); `mse`: mean squared distance, twice that on unit vectors.",
        ),
    })
    .prefault({}),
  infoNce: z
    .strictObject({
      weight: weight.default(1).describe('What it weighs in the sum; 0: it is not computed.'),
      temperature: z.number().positive().default(0.05).describe('Similarities are divided by it before the cross-entropy.'),
      falseNegativeMargin: z
        .number()
        .min(0)
        .max(1)
        .default(0.05)
        .describe('A text of the batch is no negative where the teacher puts it nearer to the positive than 1 - this.'),
      hardNegatives: z
        .strictObject({
          perText: positive.default(4).describe('Negatives of each text.'),
          pool: positive.default(1024).describe('Texts that they are chosen from, drawn for the step.'),
        })
        .optional()
        .describe(
          "Further negatives: for each text those of the teacher's nearest among `pool` others drawn for the step. By default none.",
        ),
      memory: z
        .strictObject({
          size: positive.describe('Texts that are remembered.'),
          startStep: z.number().int().nonnegative().optional().describe('The first step that uses them; by default 0.'),
        })
        .optional()
        .describe(
          'Further negatives: the last `size` texts of the same granularity that were trained on before, from step `startStep` on (0 by default). By default none.',
        ),
    })
    .prefault({}),
  triplet: z
    .strictObject({
      weight: weight.default(0).describe('What it weighs in the sum; 0: it is not computed.'),
      margin: z
        .number()
        .nonnegative()
        .default(0.1)
        .describe('How much nearer the positive must be than the hardest negative of the batch.'),
      falseNegativeMargin: z
        .number()
        .min(0)
        .max(1)
        .default(0.05)
        .describe('A text of the batch is no negative where the teacher puts it nearer to the positive than 1 - this.'),
    })
    .prefault({}),
  similarityMatrix: z
    .strictObject({ weight: weight.default(1).describe('What it weighs in the sum.') })
    .optional()
    .describe("The student's similarities between the texts of a batch are to be the teacher's; absent: not computed."),
  pairwiseOrder: z
    .strictObject({
      weight: weight.default(1).describe('What it weighs in the sum; 0: it is not computed.'),
      margin: z
        .number()
        .nonnegative()
        .default(0.015)
        .describe('How much more similar the pair must be that the teacher finds more similar.'),
    })
    .optional()
    .describe(
      "Pairs of texts are to have the teacher's order of similarity; absent: not computed. Jasper and Stella weigh cosine 10, similarity 200, order 20 (Zhang et al. 2024); the margin is theirs.",
    ),
  spreadOut: z
    .strictObject({ weight: weight.default(1).describe('What it weighs in the sum; 0: it is not computed.') })
    .optional()
    .describe('Vectors of different texts are pushed apart; absent: not computed.'),
  matryoshka: z
    .strictObject({ weight: weight.describe('0: they are not trained.') })
    .optional()
    .describe("What the mean over the model's shorter dimensions (`model.matryoshka`) weighs beside the full one; 1 by default."),
});
export type LossConfig = z.infer<typeof lossConfigSchema>;
