import { z } from 'zod';

const positive = z.number().int().positive();

/** Shape of a head that projects token vectors. */
export const queryHeadModelConfigSchema = z.strictObject({
  dimension: positive.max(4096).default(128).describe('Length of the vectors that it gives.'),
  layers: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .describe('1: a matrix. 2: what a hidden layer says is added to it, from nothing on.'),
  hidden: positive.default(256).describe('Width of the hidden layer, where there is one.'),
  shared: z
    .boolean()
    .default(true)
    .describe('One head for queries and keys (passages), or one for each, which begin as the same.'),
  tokenWeights: z
    .boolean()
    .default(false)
    .describe('Learn how much a token counts, too: in the score while it trains, in the choice of tokens afterwards.'),
});

/** Decides the shape of every weight of a head. */
export type QueryHeadModelConfig = z.infer<typeof queryHeadModelConfigSchema>;
