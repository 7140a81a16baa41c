import { CemError } from '../../base/index.ts';
import type { Vectors } from '../../encoders/index.ts';
import { type Bounds, cheapestGroups } from './cheapest-groups.ts';
import { joinText, type Piece } from './piece.ts';
import type { Range } from './split-text.ts';

/** Vectors of texts, L2-normalised: `embedDocuments` of any `TextEmbedder`. */
export type EmbedTexts = (texts: readonly string[]) => Promise<Vectors>;

/** What a border costs that is only allowed: it is taken where the bounds want one. */
const UNWANTED = 1;
/** Pieces on each side of a border that are compared: one by itself says too little (of 34 borders in a book of 985 pieces 8 fell on its 143 headings, with three 16). */
const AROUND = 3;
/** Texts that are handed to the encoder at once. */
const BATCH = 64;

/**
 * Groups pieces so that borders fall where the text before and behind is least alike, by the cosine of the sums of three pieces' vectors each (as TextTiling compares blocks, Hearst 1997). The share of all
 * places that is wanted has negative costs, all others cost the more the more alike their sides are; the least sum within the bounds is found by dynamic programming.
 *
 * @throws CemError `UNIT_EMBED` when the encoder gives another number of vectors than it was given texts
 */
export async function semanticGroups(
  pieces: readonly Piece[],
  bounds: Bounds,
  { share, embed }: { readonly share: number; readonly embed: EmbedTexts },
): Promise<Range[]> {
  const similarities = await neighbourSimilarities(pieces, embed);
  return cheapestGroups(pieces, borderCosts(similarities, share), bounds);
}

/** [pieces]: how much more alike than the threshold, in standard deviations, so that encoders whose cosines lie close together are read as others are. */
function borderCosts(similarities: readonly number[], share: number): number[] {
  const places = Float64Array.from(similarities.slice(1)).sort();
  if (places.length === 0) return [...similarities];
  const threshold = places[Math.floor(share * places.length)] ?? Number.POSITIVE_INFINITY;
  const mean = places.reduce((sum, value) => sum + value, 0) / places.length;
  const deviation = Math.sqrt(places.reduce((sum, value) => sum + (value - mean) ** 2, 0) / places.length) || 1;
  const reference = Math.min(threshold, places.at(-1)!);
  return similarities.map((value) => (value - reference) / deviation + (value < threshold ? 0 : UNWANTED));
}

/** [pieces]: how alike what stands around each border is, the cosine of the sums of some vectors before it and behind it; 1 for the first. */
async function neighbourSimilarities(pieces: readonly Piece[], embed: EmbedTexts): Promise<number[]> {
  const similarities = [1];
  /** Vectors of the last pieces; the border that is looked at has those of the second half behind it. */
  const near: Float32Array[] = [];
  let seen = 0;
  const look = (behind: number): void => {
    const border = near.length - behind;
    similarities.push(cosine(sumOf(near.slice(Math.max(0, border - AROUND), border)), sumOf(near.slice(border))));
  };
  for (let start = 0; start < pieces.length; start += BATCH) {
    const texts = pieces.slice(start, start + BATCH).map(({ blocks }) => joinText(blocks));
    const { rows, dimension, data } = await embed(texts);
    if (rows !== texts.length)
      throw new CemError(
        'UNIT_EMBED',
        `the encoder gave ${rows} vectors for ${texts.length} texts; it must give one each, in their order`,
        { details: { rows, texts: texts.length } },
      );
    for (let row = 0; row < rows; row++) {
      near.push(data.slice(row * dimension, (row + 1) * dimension));
      if (near.length > 2 * AROUND) near.shift();
      seen += 1;
      if (seen > AROUND) look(AROUND);
    }
  }
  for (let behind = Math.min(AROUND, seen) - 1; behind > 0; behind--) look(behind);
  return similarities.slice(0, pieces.length);
}

function sumOf(vectors: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(vectors[0]!.length);
  for (const vector of vectors) for (let index = 0; index < sum.length; index++) sum[index]! += vector[index]!;
  return sum;
}

function cosine(left: Float32Array, right: Float32Array): number {
  return dot(left, right) / Math.sqrt(dot(left, left) * dot(right, right) || 1);
}

function dot(left: Float32Array, right: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += left[index]! * right[index]!;
  return sum;
}
