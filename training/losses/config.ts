import { z } from 'zod';

const positive = z.number().int().positive();
const weight = z.number().nonnegative();

/** Weights of the losses and their own settings; sources stand beside each of them. */
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
