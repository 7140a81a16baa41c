import { CemError } from '../../base/index.ts';
import type { TokenVectors } from './token-encoder.ts';
import { contentTokens, type WordOccurrence, wordsOfTokens } from './token-words.ts';

/** A text's tokens by their words, and those of them that a group is made of. */
export interface FilteredTokens {
  /** [tokens] */
  readonly words: readonly (WordOccurrence | undefined)[];
  /** Places of content tokens; where there are none, the first token's alone. */
  readonly places: readonly number[];
}

/** @throws CemError `GROUP_EMPTY` */
export function filterTokens({ tokens }: Pick<TokenVectors, 'tokens'>): FilteredTokens {
  assertTokens(tokens.length);
  const words = wordsOfTokens(tokens);
  const places = contentTokens(words);
  return { words, places: places.length === 0 ? [0] : places };
}

/** @throws CemError `GROUP_EMPTY` */
export function assertTokens(tokens: number): void {
  if (tokens > 0) return;
  throw new CemError('GROUP_EMPTY', 'a text of no tokens has no vector group; leave it out');
}

/** [places.length, dimension] */
export function rowsAt(
  { vectors, dimension }: Pick<TokenVectors, 'vectors' | 'dimension'>,
  places: readonly number[],
): Float32Array {
  const rows = new Float32Array(places.length * dimension);
  places.forEach((place, row) => {
    rows.set(vectors.subarray(place * dimension, (place + 1) * dimension), row * dimension);
  });
  return rows;
}
