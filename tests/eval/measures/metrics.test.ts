import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { averageMeasures, type Measure, measureRun, RETRIEVAL_MEASURES } from '../../../eval/index.ts';
import { measureRanking, rankResults } from '../../../eval/measures/metrics.ts';

const test = suite('metrics');

const near = (got: number | undefined, expected: number, what: string): void => {
  assert.ok(got !== undefined && Math.abs(got - expected) < 1e-12, `${what}: ${got} for ${expected}`);
};

const measure = (name: string, ranking: string[], judgments: Record<string, number>): number => {
  const measures = RETRIEVAL_MEASURES.filter((candidate) => candidate.name === name);
  assert.is(measures.length, 1);
  return measureRanking(ranking, new Map(Object.entries(judgments)), measures)[name]!;
};

test('a ranking measured by hand', () => {
  const ranking = ['x', 'b', 'n', 'a', 'y'];
  // Relevant: a (grade 3), b (1), c (2, not found); n is judged not relevant, x and y are not judged.
  const judgments = { a: 3, b: 1, c: 2, n: 0 };
  // Gains by rank: 0 1 0 3 0. Ideal: 3 2 1.
  const ideal = 3 + 2 / Math.log2(3) + 1 / 2;
  near(measure('ndcg_at_10', ranking, judgments), (1 / Math.log2(3) + 3 / Math.log2(5)) / ideal, 'ndcg_at_10');
  near(measure('ndcg_at_3', ranking, judgments), 1 / Math.log2(3) / ideal, 'ndcg_at_3');
  near(measure('ndcg_at_1', ranking, judgments), 0, 'ndcg_at_1');
  near(measure('recall_at_3', ranking, judgments), 1 / 3, 'recall_at_3');
  near(measure('recall_at_1000', ranking, judgments), 2 / 3, 'recall_at_1000');
  near(measure('map_at_10', ranking, judgments), (1 / 2 + 2 / 4) / 3, 'map_at_10');
  near(measure('precision_at_10', ranking, judgments), 2 / 10, 'precision_at_10');
  near(measure('mrr_at_10', ranking, judgments), 1 / 2, 'mrr_at_10');
  near(measure('mrr_at_1', ranking, judgments), 0, 'mrr_at_1');
});

test('recall at k divides by all relevant documents, however many', () => {
  near(measure('recall_at_1', ['a', 'b', 'c'], { a: 1, b: 1, c: 1 }), 1 / 3, 'recall_at_1');
});

test('negative grades neither gain nor count', () => {
  near(measure('ndcg_at_10', ['n', 'a'], { n: -1, a: 1 }), 1 / Math.log2(3), 'ndcg_at_10');
  near(measure('recall_at_10', ['n', 'a'], { n: -1, a: 1 }), 1, 'recall_at_10');
});

test('without relevant documents or results everything is 0', () => {
  for (const { name } of RETRIEVAL_MEASURES) {
    near(measure(name, ['a'], { a: 0 }), 0, name);
    near(measure(name, [], { a: 1 }), 0, name);
  }
});

test('results rank by score, ties by id descending as UTF-8 bytes', () => {
  const scores = new Map([
    ['d1', 0.5],
    ['d2', 2],
    ['d\uff21', 0.5],
    ['d\u{1f600}', 0.5],
    ['e', -1],
  ]);
  assert.equal(rankResults(scores), ['d2', 'd\u{1f600}', 'd\uff21', 'd1', 'e']);
});

test('queries without results count only when asked to', () => {
  const qrels = new Map([
    ['q1', new Map([['a', 1]])],
    ['q2', new Map([['a', 1]])],
  ]);
  const run = new Map([
    ['q1', new Map([['a', 1]])],
    ['unjudged', new Map([['a', 1]])],
  ]);
  const recall: Measure[] = [{ name: 'recall', kind: 'recall' }];
  assert.equal([...measureRun(run, qrels, recall)], [['q1', { recall: 1 }]]);
  const complete = measureRun(run, qrels, recall, { complete: true });
  assert.equal(
    [...complete],
    [
      ['q1', { recall: 1 }],
      ['q2', { recall: 0 }],
    ],
  );
  assert.equal(averageMeasures(complete.values()), { recall: 0.5 });
});

test.run();
