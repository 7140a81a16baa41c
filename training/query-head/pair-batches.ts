import { CemError, RandomNumbers } from '../../base/index.ts';
import type { QueryHeadTrainingConfig } from './config.ts';
import type { QueryHeadExamples } from './options.ts';

/** Texts of one step. */
export interface PairBatch {
  /** [pairs] */
  readonly queries: readonly number[];
  /** [pairs * (1 + negatives)]: the passages of all pairs, then their hard negatives, those of a pair side by side. */
  readonly keys: readonly number[];
  /** Hard negatives of a pair. */
  readonly negatives: number;
  /** [pairs, keys] 1 where a passage is no negative of a query, being relevant too; 0 for all others, and for its own. */
  readonly excluded: Float32Array;
}

/** Pairs by step: a function of the seed and the step alone, so that a run resumes exactly. Each epoch meets every pair once, in an order of its own. */
export class PairBatches {
  readonly #examples: QueryHeadExamples;
  readonly #seed: number;
  readonly #perStep: number;
  readonly #negatives: QueryHeadTrainingConfig['negatives'];
  #order: { readonly epoch: number; readonly pairs: Int32Array } | undefined;

  /** @throws CemError `TRAINING_NO_TEXTS` where there are fewer than two pairs or passages */
  constructor(examples: QueryHeadExamples, seed: number, { pairs, negatives }: QueryHeadTrainingConfig) {
    this.#examples = examples;
    this.#seed = seed;
    this.#perStep = Math.min(pairs, examples.pairs.length);
    this.#negatives = negatives;
    if (examples.pairs.length > 1 && examples.keys.size > 1) return;
    throw new CemError(
      'TRAINING_NO_TEXTS',
      `there is too little to train a head on: ${examples.pairs.length} pairs and ${examples.keys.size} passages; give two at least`,
      { details: { pairs: examples.pairs.length, passages: examples.keys.size } },
    );
  }

  /** Pairs of a step. */
  get size(): number {
    return this.#perStep;
  }

  /** Passes over all pairs that so many steps are. */
  epochs(steps: number): number {
    return (steps * this.#perStep) / this.#examples.pairs.length;
  }

  /** @param step from 0 on */
  at(step: number): PairBatch {
    const { pairs } = this.#examples;
    const { perPair } = this.#negatives;
    const own = Array.from({ length: this.#perStep }, (_, place) => {
      const number = step * this.#perStep + place;
      const pair = pairs[this.#orderOf(Math.floor(number / pairs.length))[number % pairs.length]!]!;
      return { pair, random: new RandomNumbers(this.#seed, `pairs/${number}`) };
    });
    const positives = own.map(({ pair, random }) => pair.positives[random.integer(pair.positives.length)]!);
    const keys = [...positives, ...own.flatMap(({ pair, random }) => this.#draw(pair, random))];
    const excluded = new Float32Array(own.length * keys.length);
    own.forEach(({ pair }, row) => {
      const relevant = new Set(pair.positives);
      keys.forEach((key, column) => {
        if (column !== row && relevant.has(key)) excluded[row * keys.length + column] = 1;
      });
    });
    return { queries: own.map(({ pair }) => pair.query), keys, negatives: perPair, excluded };
  }

  #draw({ positives, candidates }: QueryHeadExamples['pairs'][number], random: RandomNumbers): number[] {
    const { perPair, skip, depth } = this.#negatives;
    const taken = new Set(positives);
    const pool = candidates.filter((key) => !taken.has(key)).slice(skip, skip + depth);
    return Array.from({ length: perPair }, () =>
      pool.length > 0 ? pool.splice(random.integer(pool.length), 1)[0]! : random.integer(this.#examples.keys.size),
    );
  }

  /** A seeded permutation of all pairs. */
  #orderOf(epoch: number): Int32Array {
    if (this.#order?.epoch !== epoch) {
      const pairs = Int32Array.from(this.#examples.pairs.keys());
      new RandomNumbers(this.#seed, `order/${epoch}`).shuffle(pairs);
      this.#order = { epoch, pairs };
    }
    return this.#order.pairs;
  }
}
