import assert from 'node:assert/strict';
import type { Filter, Hit, Retriever } from '../../search/index.ts';

/** A query of an evaluation. */
export interface ModeQuery {
  readonly id: string;
  readonly text: string;
  readonly tag?: string | undefined;
  /** Conditions that it states itself. */
  readonly filter?: Filter | undefined;
}

/** What a retriever found for each query, asked one by one. */
export interface RecordedRankings {
  /** [queries] */
  readonly hits: readonly (readonly Hit[])[];
  /** [queries]: milliseconds of each search, encoding included */
  readonly milliseconds: readonly number[];
}

/**
 * Asks a retriever every query by itself, as a person's search does, and keeps what it found and how long it took. Fusions are then made of what is kept, so that nothing is searched
 * twice however many are compared.
 *
 * @param depth results for a query
 */
export async function recordRankings(
  retriever: Retriever,
  queries: readonly Pick<ModeQuery, 'text' | 'filter'>[],
  depth: number,
  onProgress?: (done: number, total: number) => void,
): Promise<RecordedRankings> {
  const hits: (readonly Hit[])[] = [];
  const milliseconds: number[] = [];
  for (const [place, { text, filter }] of queries.entries()) {
    const start = performance.now();
    const found = text.trim() === '' ? [[]] : await retriever.search([text], { k: depth, ...(filter && { filter }) });
    milliseconds.push(performance.now() - start);
    assert.equal(found.length, 1);
    hits.push(found[0]!);
    onProgress?.(place + 1, queries.length);
  }
  return { hits, milliseconds };
}

/** Recorded rankings as a retriever whose queries are places among them: `"7"`. */
export function recordedRetriever(name: string, { hits }: Pick<RecordedRankings, 'hits'>): Retriever {
  return {
    name,
    search: async (places, { k }) =>
      places.map((place) => hits[Number(place)]!.slice(0, k).map((hit) => ({ ...hit, retriever: name }))),
  };
}
