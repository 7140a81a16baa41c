import { RandomNumbers } from '../../../base/index.ts';
import { queryHeadModelConfigSchema } from '../../../model/query-head/index.ts';
import { type QueryHeadExamples, type QueryHeadRun, queryHeadTrainingConfigSchema, TokenRows } from '../../../training/index.ts';

/** Length of the token vectors. */
export const DIMENSION = 8;

/**
 * Pairs that share one vector in the first half of the numbers, with noise of twice its length in the second: a head that leaves the second half out tells them apart.
 */
export function noisyExamples(count: number): QueryHeadExamples {
  const random = new RandomNumbers(11, 'noisy');
  const [queries, keys] = [new TokenRows(DIMENSION), new TokenRows(DIMENSION)];
  const half = DIMENSION / 2;
  const rows = (shared: Float32Array, vectors: number) => {
    const values = new Float32Array(vectors * DIMENSION);
    random.fillTruncatedNormal(values, 1);
    for (let row = 0; row < vectors; row++) for (let i = 0; i < half; i++) values[row * DIMENSION + i] = shared[i]! / 2;
    return values;
  };
  for (let pair = 0; pair < count; pair++) {
    const shared = new Float32Array(half);
    random.fillTruncatedNormal(shared, 1);
    queries.add(rows(shared, 1 + (pair % 3)));
    keys.add(rows(shared, 2 + (pair % 2)));
  }
  const pairs = Array.from({ length: count }, (_, pair) => ({
    query: pair,
    positives: [pair],
    candidates: [1, 2, 3].map((shift) => (pair + shift) % count),
  }));
  return { queries, keys, pairs };
}

/** A run of a head that takes a second. */
export function tinyHeadRun(training: Record<string, unknown> = {}, model: Record<string, unknown> = {}): QueryHeadRun {
  return {
    seed: 3,
    model: queryHeadModelConfigSchema.parse({ dimension: DIMENSION, hidden: 6, ...model }),
    training: queryHeadTrainingConfigSchema.parse({
      steps: 40,
      pairs: 8,
      optimizer: { learningRate: 0.02 },
      schedule: { warmupSteps: 4 },
      logEvery: 1,
      ...training,
    }),
  };
}
