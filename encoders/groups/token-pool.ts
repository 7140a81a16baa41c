import { filterTokens, rowsAt } from './filtered-tokens.ts';
import type { TokenVectors } from './token-encoder.ts';
import { type VectorGroup, vectorGroup } from './vector-group.ts';
import type { TokenKnowledge, Vectorizer, VectorizerConfig } from './vectorizer.ts';

type TokenPoolConfig = Extract<VectorizerConfig, { strategy: 'token_pool_topK' }>;

/**
 * The k content tokens of the highest scores, in the text's order. A token's score is its word's count in the text times how rare the word is (TF-IDF), times the projection's weight;
 * of equal ones the earlier goes first. A text of stop words and punctuation alone is its first token.
 */
export class TokenPool implements Vectorizer {
  readonly config: TokenPoolConfig;

  constructor(config: TokenPoolConfig) {
    this.config = config;
  }

  vectorize(text: Omit<TokenVectors, 'sentence'>, { words: weights, tokens: own }: TokenKnowledge = {}): VectorGroup {
    const { words, places } = filterTokens(text);
    const counts = new Map<string, number>();
    for (const occurrence of new Set(places.map((place) => words[place])))
      if (occurrence !== undefined) counts.set(occurrence.word, (counts.get(occurrence.word) ?? 0) + 1);
    const score = (place: number): number => {
      const word = words[place]?.word;
      if (word === undefined) return 0;
      return (counts.get(word) ?? 1) * (weights?.weight(word) ?? 1) * (own?.[place] ?? 1);
    };
    const chosen = places
      .map((place) => ({ place, score: score(place) }))
      .sort((a, b) => b.score - a.score || a.place - b.place)
      .slice(0, this.config.k)
      .map(({ place }) => place)
      .sort((a, b) => a - b);
    return vectorGroup(
      rowsAt(text, chosen),
      text.dimension,
      chosen.map((place) => words[place]?.word ?? text.tokens[place]!.text),
    );
  }
}
