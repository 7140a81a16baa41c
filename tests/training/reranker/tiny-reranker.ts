import { RandomNumbers } from '../../../base/index.ts';
import { crossEncoderModelConfigSchema } from '../../../model/cross-encoder/index.ts';
import { type RerankerExamples, type RerankerRun, rerankerTrainingConfigSchema } from '../../../training/index.ts';
import { VOCABULARY } from '../../fixtures/tiny-cross-encoder.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** Queries of two letters each; the document of each has both, and each other document of its candidates has one of them at most. */
export function letterExamples(count: number): RerankerExamples {
  const random = new RandomNumbers(7, 'letters');
  const draw = (length: number, from: string) => Array.from({ length }, () => from[random.integer(from.length)]!);
  const texts = new Map<string, string>();
  const queries = Array.from({ length: count }, (_, index) => {
    const [first, second] = [LETTERS[index % 26]!, LETTERS[(index * 7 + 3) % 26]!];
    const rest = LETTERS.replace(first, '').replace(second, '');
    texts.set(`d${index}`, [...draw(3, rest), first, second].join(' '));
    return { text: `${first} ${second}`, positives: [`d${index}`] };
  });
  const ids = [...texts.keys()];
  return {
    texts,
    queries: queries.map((query, index) => ({
      ...query,
      candidates: [0, 1, 2, 3, 4].map((shift) => ids[(index + shift) % count]!),
    })),
  };
}

/** A run of a reranker that takes seconds. */
export function tinyRerankerRun(training: Record<string, unknown> = {}): RerankerRun {
  return {
    seed: 3,
    model: crossEncoderModelConfigSchema.parse({
      vocabulary: VOCABULARY,
      dimension: 16,
      layers: 2,
      heads: 2,
      feedForward: 32,
      positions: 32,
    }),
    training: rerankerTrainingConfigSchema.parse({
      steps: 60,
      queries: 4,
      negatives: { perQuery: 3, depth: 4 },
      maximumTokens: 16,
      optimizer: { learningRate: 0.005 },
      schedule: { warmupSteps: 5 },
      logEvery: 1,
      ...training,
    }),
  };
}
