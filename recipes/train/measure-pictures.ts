import { averageMeasures, measureRun, RETRIEVAL_MEASURES } from '../../eval/index.ts';

/** Results of a query that are counted. */
const DEPTH = 10;

/** How well pictures are found, beside what chance finds. */
export interface PictureMeasures {
  readonly pictures: number;
  /** Captions as queries, each wanting its own picture. */
  readonly textToImage: { readonly recallAt10: number; readonly ndcgAt10: number; readonly chance: number };
  /** Pictures as queries, each wanting others of its category: the share of these among the first ten. Pictures without a like are no queries. */
  readonly imageToImage: { readonly precisionAt10: number; readonly chance: number; readonly queries: number };
}

/**
 * Ranks pictures for their captions and for each other by cosine.
 *
 * @param images [pictures, dimension], L2-normalised
 * @param queries [pictures, dimension] of their captions, L2-normalised
 */
export function measurePictures(
  images: Float32Array,
  queries: Float32Array,
  categories: readonly string[],
  dimension: number,
): PictureMeasures {
  const count = categories.length;
  const ids = categories.map((_, place) => String(place));
  const scoresOf = (vectors: Float32Array, row: number, without?: number) =>
    new Map(
      ids.flatMap((id, place) => {
        if (place === without) return [];
        let sum = 0;
        for (let j = 0; j < dimension; j++) sum += vectors[row * dimension + j]! * images[place * dimension + j]!;
        return [[id, sum] as const];
      }),
    );
  const texts = average(
    new Map(ids.map((id, row) => [id, scoresOf(queries, row)])),
    new Map(ids.map((id) => [id, new Map([[id, 1]])])),
  );
  const alike = ids.flatMap((id, row) => {
    const likes = ids.filter((_, other) => other !== row && categories[other] === categories[row]);
    return likes.length === 0 ? [] : [{ id, row, likes }];
  });
  const images10 = average(
    new Map(alike.map(({ id, row }) => [id, scoresOf(images, row, row)])),
    new Map(alike.map(({ id, likes }) => [id, new Map(likes.map((like) => [like, 1]))])),
  );
  const chance = alike.reduce((sum, { likes }) => sum + likes.length / (count - 1), 0) / Math.max(1, alike.length);
  return {
    pictures: count,
    textToImage: {
      recallAt10: texts['recall_at_10'] ?? 0,
      ndcgAt10: texts['ndcg_at_10'] ?? 0,
      chance: Math.min(1, DEPTH / count),
    },
    imageToImage: { precisionAt10: images10['precision_at_10'] ?? 0, chance, queries: alike.length },
  };
}

type Scores = ReadonlyMap<string, ReadonlyMap<string, number>>;

function average(run: Scores, qrels: Scores): Readonly<Record<string, number>> {
  if (run.size === 0) return {};
  return averageMeasures(measureRun(run, qrels, RETRIEVAL_MEASURES, { complete: true }).values());
}
