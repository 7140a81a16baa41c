import { checkFilter } from '../filter-schema.ts';
import { type Analyzer, assertSameAnalyzer } from '../lexical/analysis/analyzer.ts';
import type { Bm25Parameters } from '../lexical/bm25-formula.ts';
import { assertResultCount } from '../rank-order.ts';
import type { Hit, Retriever, SearchOptions } from '../retriever.ts';
import { scoredPassages } from '../scoring.ts';
import { yieldToSignal } from '../search-signal.ts';
import type { StoreTerms } from './store-terms.ts';

export interface PostgresBm25Options extends Partial<Bm25Parameters> {
  readonly name?: string;
}

/**
 * BM25 over the terms that a store in PostgreSQL keeps: ranks as `Bm25Retriever` does over the same passages, which is in memory. N and n count passages that have terms, whatever a filter lets
 * pass. The store has the filter applied in its own query; which postings it has read, this process remembers.
 */
export class PostgresBm25Retriever implements Retriever {
  readonly name: string;
  readonly #store: StoreTerms;
  readonly #terms: (text: string) => readonly string[];
  readonly #parameters: Partial<Bm25Parameters>;

  /** @throws CemError `SEARCH_ANALYZER_OTHER` where the store's terms were cut by another analyzer */
  constructor(store: StoreTerms, analyzer: Pick<Analyzer, 'settings' | 'terms'>, options: PostgresBm25Options = {}) {
    assertSameAnalyzer(store.settings.analyzer, analyzer);
    const { name = 'bm25', ...parameters } = options;
    this.name = name;
    this.#store = store;
    this.#terms = analyzer.terms;
    this.#parameters = parameters;
  }

  async search(queries: readonly string[], { k, filter, scoring, signal, onUnsearchable }: SearchOptions): Promise<Hit[][]> {
    assertResultCount(k);
    checkFilter(filter);
    const best = scoredPassages(scoring);
    signal?.throwIfAborted();
    const results: Hit[][] = [];
    for (const [place, query] of queries.entries()) {
      await yieldToSignal(signal);
      const found = await this.#store.search({ terms: this.#terms(query), k, best, filter, signal }, this.#parameters);
      if (found === undefined) onUnsearchable?.(place, "none of the query's words is in the index");
      results.push((found ?? []).map((hit) => ({ ...hit, retriever: this.name })));
    }
    return results;
  }
}
