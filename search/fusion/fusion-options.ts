import { z } from 'zod';
import { UsageError } from '../../base/index.ts';

/** k of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods"). */
const RANK_CONSTANT = 60;
/** Hits asked of each retriever for every result wanted. */
const DEPTH_FACTOR = 4;

const weights = z
  .record(z.string(), z.number().positive())
  .default({})
  .describe('How much each retriever counts, by its name. Those that are not named have the default of the method.');

const ofEveryMethod = {
  depth: z
    .union(
      [z.strictObject({ factor: z.int().min(1).max(1000) }), z.strictObject({ hits: z.int().min(1).max(1_000_000) })],
      'must be { factor: 1 to 1000 } or { hits: 1 to 1000000 }, whole numbers',
    )
    .default({ factor: DEPTH_FACTOR })
    .describe(
      'Hits asked of each retriever: so many times the results wanted, or a number of hits (the results wanted where they are more). With a number of hits, fewer results are the beginning of more.',
    ),
  recallShares: z
    .record(z.string(), z.number().min(0).max(1))
    .default({})
    .describe(
      "Recall filter by the retriever's name: of a query's hits, those below this share of the best one's score are dropped before fusion. 0, as for those that are not named, drops none.",
    ),
} as const;

/**
 * How rankings become one. What each method does is said at `fuseRankings`; what is left out has its default. Weights of `rrf` are 1; those of the weighted methods
 * are .3 for a lexical retriever and .7 for one over vectors, and must be given for others.
 */
export const fusionSchema = z.discriminatedUnion('method', [
  z.strictObject({
    method: z.literal('rrf').describe('Reciprocal rank fusion: the sum of weight / (rankConstant + rank).'),
    rankConstant: z
      .number()
      .min(0)
      .max(1_000_000)
      .default(RANK_CONSTANT)
      .describe('The larger, the less the first ranks stand out.'),
    weights,
    ...ofEveryMethod,
  }),
  z.strictObject({
    method: z.literal('weighted-ranks').describe('The sum of weight / rank.'),
    weights,
    ...ofEveryMethod,
  }),
  z.strictObject({
    method: z
      .literal('weighted-scores')
      .describe("The sum of weight x score, each retriever's scores for a query brought to 0..1."),
    weights,
    floors: z
      .record(z.string(), z.number())
      .default({})
      .describe(
        "The score that counts 0, by the retriever's name, in place of the least one of a query's hits: 0 for BM25, whose scores then count by their share of the best one, so that a first place that stands out still does.",
      ),
    ...ofEveryMethod,
  }),
  z.strictObject({
    method: z.literal('dedup').describe("The first retriever's hits, then those of the next that are not there yet, and so on."),
    ...ofEveryMethod,
  }),
]);

/** As a caller gives it: what is left out has its default. */
export type FusionInput = z.input<typeof fusionSchema>;
export type FusionOptions = z.infer<typeof fusionSchema>;

/**
 * @param names those of the retrievers, which weights and shares must be of
 * @throws UsageError `FUSION_OPTIONS` naming what is wrong
 */
export function parseFusionOptions(input: FusionInput, names: readonly string[]): FusionOptions {
  const parsed = fusionSchema.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const place = issue.path.map(String).join('.') || 'the whole';
    throw new UsageError('FUSION_OPTIONS', `these are no options of a fusion: ${place}: ${issue.message}`, {
      details: { input },
      cause: parsed.error,
    });
  }
  const { data } = parsed;
  const named = {
    weights: data.method === 'dedup' ? {} : data.weights,
    recallShares: data.recallShares,
    floors: data.method === 'weighted-scores' ? data.floors : {},
  };
  for (const [key, values] of Object.entries(named)) {
    const unknown = Object.keys(values).find((name) => !names.includes(name));
    if (unknown === undefined) continue;
    throw new UsageError(
      'FUSION_OPTIONS',
      `fusion: ${key} names ${JSON.stringify(unknown)}, which is no retriever here; there are ${names.join(', ')}`,
      { details: { [key]: unknown, names } },
    );
  }
  return data;
}

/** Hits that a hybrid search asks of each retriever: the least cosine among them counts 0. */
const HYBRID_HITS = 100;
/** What the best vector counts beside the best text by words, in a hybrid search. */
export const HYBRID_VECTOR_WEIGHT = 0.2;

/**
 * How a hybrid search fuses words and vectors unless it is told otherwise: a text's BM25 as a share of the best one's, and `weight` times its cosine, of 0 for the least of a hundred to 1 for the best. Unlike ranks, scores
 * keep how far the first text stands out by its words, so that vectors of an encoder that knows nothing of the texts do little harm: they decide where words leave it open.
 *
 * @param weight of the vectors, above 0. 0.2 was chosen on techdocs dev and XQuAD in English. On six other sets it gained up to 0.021 nDCG@10 over words alone and lost 0.007 at most (SciFact, by an encoder that never saw its field); ranks with half weight lost up to 0.61
 */
export function hybridFusion(lexical: string, vectors: string, weight = HYBRID_VECTOR_WEIGHT): FusionInput {
  return {
    method: 'weighted-scores',
    weights: { [lexical]: 1, [vectors]: weight },
    floors: { [lexical]: 0 },
    depth: { hits: HYBRID_HITS },
  };
}
