import { splitWords, type TextEmbedder } from '../../encoders/index.ts';

/**
 * Says how much each segment of a unit is worth: for a query, or, without one, for the unit itself. Larger is better; the scale does not matter. A cross-encoder, an embedding or BM25 can be one.
 *
 * @returns [segments]
 */
export type SegmentScorer = (segments: readonly string[], query?: string) => ArrayLike<number> | Promise<ArrayLike<number>>;

/**
 * Scores by words, without a model: the cosine of a segment's tf-idf vector with the query's, or with the mean of all segments'. The idf is that of the unit's segments.
 *
 * @param terms how texts become words: those of every script unless given
 */
export function lexicalScorer(terms: (text: string) => readonly string[] = splitWords): SegmentScorer {
  return (segments, query) => {
    const counts = segments.map((segment) => countsOf(terms(segment)));
    const frequencies = new Map<string, number>();
    for (const words of counts) for (const word of words.keys()) frequencies.set(word, (frequencies.get(word) ?? 0) + 1);
    const weigh = (words: ReadonlyMap<string, number>): Map<string, number> => {
      const weights = new Map<string, number>();
      for (const [word, count] of words) {
        const idf = Math.log((1 + segments.length) / (1 + (frequencies.get(word) ?? 0))) + 1;
        weights.set(word, (1 + Math.log(count)) * idf);
      }
      return normalized(weights);
    };
    const vectors = counts.map(weigh);
    const target = query === undefined ? meanOf(vectors) : weigh(countsOf(terms(query)));
    return vectors.map((vector) => dot(vector, target));
  };
}

/** Scores by vectors: the cosine with the query's, or with the mean of all segments'. */
export function embeddingScorer(embedder: Pick<TextEmbedder, 'embedDocuments' | 'embedQueries'>): SegmentScorer {
  return async (segments, query) => {
    const { rows, dimension, data } = await embedder.embedDocuments(segments);
    // [dimension]
    const target = query === undefined ? new Float32Array(dimension) : (await embedder.embedQueries([query])).data;
    if (query === undefined) for (let index = 0; index < data.length; index++) target[index % dimension]! += data[index]!;
    return Array.from({ length: rows }, (_, row) => {
      let sum = 0;
      for (let column = 0; column < dimension; column++) sum += data[row * dimension + column]! * target[column]!;
      return sum;
    });
  };
}

function countsOf(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function normalized(weights: Map<string, number>): Map<string, number> {
  let sum = 0;
  for (const weight of weights.values()) sum += weight * weight;
  for (const [word, weight] of weights) weights.set(word, weight / Math.sqrt(sum));
  return weights;
}

function meanOf(vectors: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const mean = new Map<string, number>();
  for (const vector of vectors) for (const [word, weight] of vector) mean.set(word, (mean.get(word) ?? 0) + weight);
  return mean;
}

function dot(left: ReadonlyMap<string, number>, right: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [word, weight] of left) sum += weight * (right.get(word) ?? 0);
  return sum;
}
