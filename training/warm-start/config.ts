import { z } from 'zod';

const positive = z.number().int().positive();

/**
 * Defaults: before the first step a model ranked unseen passages at nDCG@10 0.292 after 5 rounds with ridge 5, at 0.296 after 15 with 3 and with 20, at 0.290 after 30 with 0.5 (3,000 passages of
 * technical documentation, LSA, counts divided by the root of positions): more rounds cost more than they bring.
 */
export const tableWarmStartSchema = z.strictObject({
  ridge: z
    .number()
    .positive()
    .default(5)
    .describe(
      'What the squares of the tables weigh beside the squared errors. In the equation of a text, the squares of its factors sum to about one a table.',
    ),
  iterations: positive.default(5).describe('Rounds of conjugate gradients.'),
  texts: positive.default(50_000).describe('At most so many labelled texts, drawn from all granularities.'),
});
export type TableWarmStartConfig = z.infer<typeof tableWarmStartSchema>;
