import type { QueryEmbedder } from '../encoders/index.ts';
import { checkFilter } from './filter-schema.ts';
import { assertResultCount } from './rank-order.ts';
import type { Hit, Retriever, SearchOptions } from './retriever.ts';
import { scoredPassages } from './scoring.ts';
import { yieldToSignal } from './search-signal.ts';
import { whyUnsearchable } from './vector-row.ts';
import type { VectorStore } from './vector-store.ts';

/** Ranks the documents of a vector store for text queries, which the embedder turns into vectors (invariant 3), all in one call. */
export class VectorRetriever implements Retriever {
  readonly name: string;
  readonly #embedder: QueryEmbedder;
  readonly #store: VectorStore;

  constructor(embedder: QueryEmbedder, store: VectorStore, name = 'pgvector') {
    this.name = name;
    this.#embedder = embedder;
    this.#store = store;
  }

  async search(queries: readonly string[], { onUnsearchable, ...options }: SearchOptions): Promise<Hit[][]> {
    assertResultCount(options.k);
    checkFilter(options.filter);
    scoredPassages(options.scoring);
    options.signal?.throwIfAborted();
    const { data, dimension } = await this.#embedder.embedQueries(queries, undefined, options.signal);
    const results: Hit[][] = [];
    for (let row = 0; row < queries.length; row++) {
      await yieldToSignal(options.signal);
      const vector = data.subarray(row * dimension, (row + 1) * dimension);
      const reason = whyUnsearchable(vector);
      if (reason !== undefined) onUnsearchable?.(row, reason);
      const hits = reason === undefined ? await this.#store.search(vector, options) : [];
      results.push(hits.map((hit) => ({ ...hit, retriever: this.name })));
    }
    return results;
  }
}
