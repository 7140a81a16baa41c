import { z } from 'zod';
import { UsageError } from '../../base/index.ts';
import type { TokenVectors } from './token-encoder.ts';
import type { VectorGroup } from './vector-group.ts';
import type { WordWeights } from './word-weights.ts';

/** How the vectors of tokens become a group. Names are those of the design that this follows. */
export const vectorizerConfig = z.discriminatedUnion('strategy', [
  z.strictObject({
    strategy: z.literal('token_pool_topK').describe('The tokens that weigh most: no stop words, punctuation, special tokens.'),
    k: z.number().int().positive().max(1024).default(32).describe('Tokens at most.'),
  }),
  z.strictObject({
    strategy: z.literal('cluster_centers_r').describe('Centres of clusters of the tokens that are no stop words or punctuation.'),
    r: z.number().int().positive().max(1024).default(6).describe('Clusters at most.'),
    seed: z.number().int().default(0).describe('Seed of the first centres.'),
  }),
  z.strictObject({ strategy: z.literal('all_tokens').describe('Every token, as ColBERT has it, special ones too.') }),
]);

export type VectorizerConfig = z.infer<typeof vectorizerConfig>;
export type VectorizerInput = z.input<typeof vectorizerConfig>;

/** What is known of tokens beside their vectors. */
export interface TokenKnowledge {
  /** How rare words are; without it the words that a text repeats weigh most, then the earlier ones. */
  readonly words?: WordWeights | undefined;
  /** [tokens] of a projection. */
  readonly tokens?: Float32Array | undefined;
}

/** Makes one group of a text's token vectors. */
export interface Vectorizer {
  readonly config: VectorizerConfig;
  /** @throws CemError `GROUP_EMPTY` for a text of no tokens, `GROUP_VALUE` */
  vectorize(text: Omit<TokenVectors, 'sentence'>, knowledge?: TokenKnowledge): VectorGroup;
}

/** @throws UsageError `GROUP_STRATEGY` */
export function parseVectorizer(input: unknown): VectorizerConfig {
  const parsed = vectorizerConfig.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(
    'GROUP_STRATEGY',
    `${JSON.stringify(input)} is no strategy of vector groups (${issue!.path.join('.') || 'as a whole'}: ${issue!.message}); use token_pool_topK (k), cluster_centers_r (r, seed) or all_tokens`,
    { details: { input }, cause: parsed.error },
  );
}
