import { assertTokens } from './filtered-tokens.ts';
import type { TokenVectors } from './token-encoder.ts';
import { wordsOfTokens } from './token-words.ts';
import { type VectorGroup, vectorGroup } from './vector-group.ts';
import type { Vectorizer, VectorizerConfig } from './vectorizer.ts';

/** Every token a vector. */
export class AllTokens implements Vectorizer {
  readonly config: VectorizerConfig;

  constructor(config: Extract<VectorizerConfig, { strategy: 'all_tokens' }>) {
    this.config = config;
  }

  vectorize({ tokens, vectors, dimension }: Omit<TokenVectors, 'sentence'>): VectorGroup {
    assertTokens(tokens.length);
    const words = wordsOfTokens(tokens);
    return vectorGroup(
      vectors,
      dimension,
      words.map((word, place) => word?.word ?? tokens[place]!.text),
    );
  }
}
