import { CemError, RandomNumbers } from '../../base/index.ts';
import type { RerankerTrainingConfig } from './config.ts';
import type { RerankerExamples, RerankerQuery } from './options.ts';

/** A query, a text that is relevant to it, and texts that are not. */
export interface PairGroup {
  readonly query: string;
  /** The relevant one first. */
  readonly texts: readonly string[];
}

/** Groups of pairs by step: a function of the seed and the step alone, so that a run resumes exactly. Each epoch meets every query once, in an order of its own. */
export class PairGroups {
  readonly #examples: RerankerExamples;
  readonly #ids: readonly string[];
  readonly #seed: number;
  readonly #perStep: number;
  readonly #negatives: RerankerTrainingConfig['negatives'];
  #order: { readonly epoch: number; readonly queries: Int32Array } | undefined;

  /** @throws CemError `TRAINING_NO_TEXTS` where there is no query, or no document beside the relevant ones of each */
  constructor(examples: RerankerExamples, seed: number, { queries, negatives }: RerankerTrainingConfig) {
    this.#examples = examples;
    this.#ids = [...examples.texts.keys()];
    this.#seed = seed;
    this.#perStep = queries;
    this.#negatives = negatives;
    const needed = negatives.perQuery + Math.max(1, ...examples.queries.map(({ positives }) => positives.length));
    if (examples.queries.length > 0 && this.#ids.length >= needed) return;
    throw new CemError(
      'TRAINING_NO_TEXTS',
      `there is too little to train a reranker on: ${examples.queries.length} queries and ${this.#ids.length} texts, where a query takes ${needed} texts; give more, or set training.negatives.perQuery lower`,
      { details: { queries: examples.queries.length, texts: this.#ids.length } },
    );
  }

  /** Passes over all queries that so many steps are. */
  epochs(steps: number): number {
    return (steps * this.#perStep) / this.#examples.queries.length;
  }

  /** @param step from 0 on */
  at(step: number): PairGroup[] {
    return Array.from({ length: this.#perStep }, (_, place) => {
      const number = step * this.#perStep + place;
      const { queries } = this.#examples;
      const epoch = Math.floor(number / queries.length);
      const query = queries[this.#orderOf(epoch)[number % queries.length]!]!;
      return this.#group(query, new RandomNumbers(this.#seed, `pairs/${number}`));
    });
  }

  #group({ text, positives, candidates }: RerankerQuery, random: RandomNumbers): PairGroup {
    const { perQuery, skip, depth } = this.#negatives;
    const taken = new Set(positives);
    const pool = candidates.filter((id) => !taken.has(id) && this.#examples.texts.has(id)).slice(skip, skip + depth);
    const chosen = [positives[random.integer(positives.length)]!];
    while (chosen.length <= perQuery) {
      const place = pool.length > 0 ? random.integer(pool.length) : random.integer(this.#ids.length);
      const id = pool.length > 0 ? pool.splice(place, 1)[0]! : this.#ids[place]!;
      if (taken.has(id)) continue;
      taken.add(id);
      chosen.push(id);
    }
    return { query: text, texts: chosen.map((id) => this.#examples.texts.get(id)!) };
  }

  /** A seeded permutation of all queries. */
  #orderOf(epoch: number): Int32Array {
    if (this.#order?.epoch !== epoch) {
      const queries = Int32Array.from(this.#examples.queries.keys());
      new RandomNumbers(this.#seed, `order/${epoch}`).shuffle(queries);
      this.#order = { epoch, queries };
    }
    return this.#order.queries;
  }
}
