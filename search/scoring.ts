import { z } from 'zod';
import { UsageError } from '../base/index.ts';

/** Most passages that a mean may be of: a search keeps so many scores of every document. */
export const MAXIMUM_SCORED_PASSAGES = 100;

/**
 * How a document's score comes from those of its passages. `max`: that of its best one (MaxP, Dai and Callan 2019, arXiv 1905.09217). `mean`: the mean of its
 * `best` ones; of a document that has fewer, the mean of all. Only passages that may be found count: those that pass the filter and whose vector is a direction.
 */
export const scoringSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('max').describe('That of its best passage.') }),
  z.strictObject({
    kind: z.literal('mean').describe('The mean of its best passages.'),
    best: z.int().min(1).max(MAXIMUM_SCORED_PASSAGES).describe('How many.'),
  }),
]);

export type Scoring = z.infer<typeof scoringSchema>;

/**
 * How many of a document's best scores make its own: 1 is max-P.
 *
 * @throws UsageError `SEARCH_SCORING`
 */
export function scoredPassages(scoring: Scoring | undefined): number {
  if (scoring === undefined) return 1;
  const parsed = scoringSchema.safeParse(scoring);
  if (!parsed.success) {
    throw new UsageError(
      'SEARCH_SCORING',
      `scoring is { kind: "max" }, or { kind: "mean", best: 1 to ${MAXIMUM_SCORED_PASSAGES} }, not ${JSON.stringify(scoring)}`,
      { cause: parsed.error },
    );
  }
  return parsed.data.kind === 'max' ? 1 : parsed.data.best;
}
