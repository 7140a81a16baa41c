import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../base/random.ts';
import { DocumentScores } from '../../search/document-scores.ts';
import { compareRanked } from '../../search/rank-order.ts';
import type { StoreHit } from '../../search/vector-store.ts';

const test = suite('scores of documents from those of their passages');

/** The oracle: every document's passages sorted, the mean of the first of them. */
function expected(hits: readonly StoreHit[], k: number, best: number): StoreHit[] {
  const documents = new Map<string, StoreHit[]>();
  for (const hit of hits) documents.set(hit.document, [...(documents.get(hit.document) ?? []), hit]);
  return [...documents.values()]
    .map((passages) => {
      passages.sort((a, b) => b.score - a.score || a.chunk - b.chunk || a.passage - b.passage);
      const scores = passages.slice(0, best).map(({ score }) => score);
      return { ...passages[0]!, score: scores.reduce((sum, score) => sum + score, 0) / scores.length };
    })
    .sort(compareRanked)
    .slice(0, k);
}

test('of few and of many documents, by the best passage and by means, ties included', () => {
  const numbers = new RandomNumbers(1, 'document scores');
  // More documents than are kept of a stream: 4,096.
  for (const [count, documents] of [
    [0, 1],
    [500, 20],
    [30_000, 10_000],
  ] as const) {
    const hits = Array.from({ length: count }, (_, row) => ({
      document: `d${numbers.integer(documents)}`,
      chunk: numbers.integer(5),
      passage: row,
      score: numbers.integer(200) / 64,
    }));
    for (const best of [1, 2, 5]) {
      for (const k of [1, 10, 2000]) {
        const scores = new DocumentScores(k, best);
        for (const hit of hits) scores.push(hit);
        assert.equal(scores.sorted(), expected(hits, k, best), `${count} passages, ${k}, ${best}`);
      }
    }
  }
});

test.run();
