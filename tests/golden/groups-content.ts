import { RandomNumbers } from '../../base/index.ts';
import type { Token, TokenVectors } from '../../encoders/index.ts';
import type { ResidualCodebook } from '../../search/rerank/index.ts';

export const GROUP_DIMENSION = 6;

/** Random rows of a given size, the same on every machine. */
export function randomRows(rows: number, dimension: number, name: string): Float32Array {
  const random = new RandomNumbers(1, name);
  return Float32Array.from({ length: rows * dimension }, () => Math.fround(random.normal()));
}

/** "[CLS] the bank , bank ##s of the river bank ! water [SEP]", with random vectors. */
export function goldenText(): TokenVectors {
  const special = new Set(['[CLS]', '[SEP]']);
  const tokens: Token[] = '[CLS] the bank , bank ##s of the river bank ! water [SEP]'.split(' ').map((text) => ({
    text: text.replace('##', ''),
    continues: text.startsWith('##'),
    special: special.has(text),
  }));
  return {
    tokens,
    dimension: GROUP_DIMENSION,
    vectors: randomRows(tokens.length, GROUP_DIMENSION, 'golden text'),
    sentence: new Float32Array(GROUP_DIMENSION),
  };
}

/** Round numbers, so that what is stored can be told by hand. */
export function goldenCodebook(): ResidualCodebook {
  return {
    dimension: GROUP_DIMENSION,
    centroids: Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0),
    cutoffs: Float32Array.of(-0.25, 0, 0.25),
    weights: Float32Array.of(-0.5, -0.125, 0.125, 0.5),
  };
}
