import type { QueryEmbedder } from '../encoders/index.ts';
import type { Hit, Retriever } from './retriever.ts';
import type { VectorFilter, VectorStore } from './vector-store.ts';

/** Ranks the documents of a vector store for text queries, which the embedder turns into vectors (invariant 3). */
export class VectorRetriever implements Retriever {
  readonly name: string;
  readonly #embedder: QueryEmbedder;
  readonly #store: VectorStore;

  constructor(embedder: QueryEmbedder, store: VectorStore, name = 'pgvector') {
    this.name = name;
    this.#embedder = embedder;
    this.#store = store;
  }

  async search(queries: readonly string[], k: number, filter?: VectorFilter): Promise<Hit[][]> {
    const { data, dimension } = await this.#embedder.embedQueries(queries);
    const results: Hit[][] = [];
    for (let row = 0; row < queries.length; row++) {
      results.push(await this.#store.search(data.subarray(row * dimension, (row + 1) * dimension), k, filter));
    }
    return results;
  }
}
