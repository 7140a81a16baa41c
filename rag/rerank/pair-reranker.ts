import type { PairScorer, PairScorerDescription } from '../../encoders/index.ts';
import { ScoringReranker } from './reranker.ts';

/** A reranker that runs here: a cross-encoder of transformers.js or one that was trained with this package. */
export class PairReranker extends ScoringReranker {
  readonly #scorer: PairScorer;

  /** @param scorer is disposed of with this */
  constructor(scorer: PairScorer) {
    super();
    this.#scorer = scorer;
  }

  get name(): string {
    return this.#scorer.description.id;
  }

  get description(): PairScorerDescription {
    return this.#scorer.description;
  }

  async score(
    query: string,
    texts: readonly string[],
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<number[]> {
    return Array.from(await this.#scorer.scorePairs(query, texts, signal));
  }

  dispose(): Promise<void> {
    return this.#scorer.dispose();
  }
}
