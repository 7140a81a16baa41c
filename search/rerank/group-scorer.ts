import { z } from 'zod';
import { UsageError } from '../../base/index.ts';

/** How two groups' scores come from what each vector of the query's matches best. */
export const groupScorerConfig = z.discriminatedUnion('scorer', [
  z.strictObject({
    scorer: z.literal('field').describe("The mean of the query vectors' best matches, of the best few of them."),
    top: z.number().int().positive().default(3).describe('How many of the matches count.'),
  }),
  z.strictObject({
    scorer: z.literal('maxsim').describe("The sum of all query vectors' best matches (ColBERT, Khattab and Zaharia, 2020)."),
  }),
]);

export type GroupScorerConfig = z.infer<typeof groupScorerConfig>;
export type GroupScorerInput = z.input<typeof groupScorerConfig>;

/** Makes one score of the best matches of a query's vectors. */
export interface GroupScorer {
  readonly config: GroupScorerConfig;
  /** @param best [query vectors] the highest inner product of each with the other group's */
  combine(best: Float32Array): number;
  /** Places of the query's vectors that count, the best match first; of equal ones the earlier. */
  used(best: Float32Array): number[];
}

/** @throws UsageError `GROUP_SCORER` */
export function createGroupScorer(input: GroupScorerInput): GroupScorer {
  const parsed = groupScorerConfig.safeParse(input);
  if (!parsed.success) {
    throw new UsageError(
      'GROUP_SCORER',
      `${JSON.stringify(input)} is no way to score vector groups (${parsed.error.issues[0]!.message}); use field (top) or maxsim`,
      { details: { input }, cause: parsed.error },
    );
  }
  const config = parsed.data;
  const most = config.scorer === 'field' ? config.top : Number.POSITIVE_INFINITY;
  const used = (best: Float32Array): number[] =>
    Array.from(best.keys())
      .sort((a, b) => best[b]! - best[a]! || a - b)
      .slice(0, most);
  const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
  return {
    config,
    used,
    combine: (best) => {
      if (config.scorer === 'maxsim') return sum(best);
      const count = Math.min(most, best.length);
      return sum(best.toSorted().subarray(best.length - count)) / count;
    },
  };
}
