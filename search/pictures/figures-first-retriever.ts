import { assertResultCount } from '../rank-order.ts';
import type { Hit, Retriever, SearchOptions } from '../retriever.ts';
import { withSelfQuery } from '../self-query/index.ts';
import { askedFigures } from './asked-figures.ts';
import { raisedBefore } from './raised-before.ts';

/** Share of the results that figures may take which a query asks for: what the texts say of them is wanted, too. */
const SHARE = 0.5;

/** Places of k that they may take. */
export const placesOfFigures = (k: number): number => Math.ceil(k * SHARE);

/**
 * A retriever that has the figures which a query asks for (`askedFigures`) before all else that another retriever finds for it, the best of them in at most half of the places. Each of them is ranked by that
 * retriever, with the search's own filter; a query that asks for none, or for one that is not there, is searched as it is.
 */
export class FiguresFirstRetriever implements Retriever {
  readonly name: string;
  readonly #inner: Retriever;

  constructor(inner: Retriever) {
    this.name = inner.name;
    this.#inner = inner;
  }

  async search(queries: readonly string[], options: SearchOptions): Promise<Hit[][]> {
    const { k, filter } = options;
    assertResultCount(k);
    const results = await this.#inner.search(queries, options);
    for (const [place, query] of queries.entries()) {
      const asked = askedFigures(query);
      if (asked === undefined) continue;
      const [figures] = await this.#inner.search([query], {
        ...options,
        k: placesOfFigures(k),
        filter: withSelfQuery(filter, asked),
        onUnsearchable: undefined,
      });
      results[place] = before(figures!, results[place]!).slice(0, k);
    }
    return results;
  }
}

/** Hits before others, each document once, marked as asked for. */
function before(first: readonly Hit[], others: readonly Hit[]): Hit[] {
  const known = new Set(first.map(({ document }) => document));
  const asked = first.map((hit) => ({ ...hit, asked: true as const }));
  const behind: readonly Hit[] = others.filter(({ document }) => !known.has(document));
  return raisedBefore<Hit>(asked, behind);
}
