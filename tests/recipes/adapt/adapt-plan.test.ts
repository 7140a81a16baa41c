import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { adaptBudget } from '../../../recipes/adapt/adapt-plan.ts';
import { sentenceBenchmark } from '../../../recipes/adapt/held-out-sentences.ts';
import { reasonsAgainst } from '../../../recipes/adapt/reasons-against.ts';
import { everyNth } from '../../../recipes/adapt/rehearsal.ts';
import { writtenDocuments } from './written-documents.ts';

const test = suite('adapt plan');
const RATES = { passage: 0.02, sentence: 0.002, step: 0.5 };

test('all is labelled where the budget allows it, and the steps take the rest', () => {
  // 5,000 passages take 100 s, 50,000 sentences 100 s; of 900 s 90 are kept for the rest: 610 s of steps.
  const budget = adaptBudget(900, RATES, { passages: 5000, sentences: 50_000, unlabelled: 1 });
  assert.equal([budget.share, budget.labelling, budget.steps], [1, 200, 1220]);
  // Labels that are at hand cost nothing.
  assert.is(adaptBudget(900, RATES, { passages: 5000, sentences: 50_000, unlabelled: 0 }).steps, 1620);
});

test('of a corpus that is too large a sample is labelled, in less than half of the time', () => {
  const budget = adaptBudget(900, RATES, { passages: 100_000, sentences: 1_000_000, unlabelled: 1 });
  // 45% of 900 s, of the 4,000 that all would take.
  assert.ok(Math.abs(budget.share - 405 / 4000) < 1e-9);
  assert.is(budget.steps, 810);
  assert.is(adaptBudget(1, RATES, { passages: 10, sentences: 10, unlabelled: 1 }).steps, 20);
});

test('a held-out sentence stands in one document alone, and the same ones are held out each time', () => {
  const documents = writtenDocuments(12);
  const copy = { ...documents[0]!, id: 'copy' };
  const options = { wanted: 20, seed: 1 };
  const { data, sentences } = sentenceBenchmark(documents, [], options);
  assert.is(sentences.size, 12);
  for (const [query, judged] of data.qrels) {
    const asked = data.queries.get(query)!;
    const holders = documents.filter(({ text }) => text.includes(asked)).map(({ id }) => id);
    assert.equal([...judged.keys()], holders);
  }
  assert.equal([...sentenceBenchmark(documents, [], options).sentences], [...sentences]);
  // Where another document says the same, no sentence of the first can be asked.
  assert.is(sentenceBenchmark(documents, [copy], options).sentences.size, 11);
  assert.equal(
    [
      ...sentenceBenchmark([{ id: 'zh', title: '', text: '灯塔的守灯人每天傍晚点亮灯火，直到清晨的雾散去为止。' }], [], options)
        .sentences,
    ].length,
    1,
  );
});

test('every n-th is spread over all', () => {
  assert.equal(everyNth([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 4), [0, 2, 5, 7]);
  assert.equal(everyNth([1, 2], 4), [1, 2]);
  assert.equal(everyNth([1, 2], 0), []);
});

test('an adapted checkpoint must not find less of its corpus, nor forget more than three points of broad text', () => {
  const set = (before: number, after: number) => ({
    queries: 100,
    candidates: 100,
    teacherNdcg: 1,
    before: { ndcg: before, retention: before },
    after: { ndcg: after, retention: after },
  });
  assert.equal(reasonsAgainst({ corpus: set(0.15, 0.8), broad: set(0.9, 0.88) }), []);
  assert.equal(reasonsAgainst({}), []);
  assert.equal(reasonsAgainst({ corpus: set(0.8, 0.79), broad: set(0.9, 0.86) }), [
    'of the corpus it keeps less (80.0% before, 79.0% after)',
    'of broad text it forgot too much (90.0% before, 86.0% after)',
  ]);
});

test.run();
