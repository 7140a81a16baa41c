import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type AnswerRecord,
  answersPage,
  bandOf,
  formatAnswers,
  scoreRecord,
  summariseAnswers,
  withoutCitationNumbers,
} from '../../../eval/answers/index.ts';

const test = suite('summaries of answers');

const record = (values: Partial<AnswerRecord>): AnswerRecord => ({
  id: 'a',
  question: 'How many points?',
  answers: ['308'],
  gold: ['p1'],
  answerable: true,
  prediction: '308',
  wholeAnswer: 'just 308 points',
  answered: true,
  confidence: 0.5,
  citations: [{ names: ['u-0', 'p1'], text: 'They gave up just 308 points.' }],
  dropped: 0,
  retrieved: [['u-0', 'p1'], ['u-1']],
  firstSentence: 'They gave up just 308 points.',
  contextTokens: 100,
  milliseconds: { retrieve: 10, read: 20, total: 30 },
  model: 'extractive',
  ...values,
});

const records = [
  record({}),
  // Found second, and another document is cited beside it; two words too many.
  record({
    id: 'b',
    prediction: 'just 308 points',
    citations: [
      { names: ['u-1'], text: 'Nothing.' },
      { names: ['u-0', 'p1'], text: 'They gave up.' },
    ],
    retrieved: [['u-1'], ['u-0', 'p1']],
    firstSentence: 'Nothing.',
    dropped: 2,
    contextTokens: 300,
    milliseconds: { retrieve: 30, read: 20, total: 50 },
  }),
  // Not found, and refused.
  record({
    id: 'c',
    prediction: '',
    wholeAnswer: '',
    answered: false,
    citations: [],
    retrieved: [['u-1']],
    firstSentence: 'Nothing.',
  }),
  // The documents do not say, and so does the answer.
  record({ id: 'd', answers: [], gold: [], answerable: false, prediction: '', wholeAnswer: '', answered: false, citations: [] }),
];

test('figures, derived by hand', () => {
  const scored = records.map((one) => scoreRecord(one, 'squad'));
  const summary = summariseAnswers(scored, { measure: 'squad', rounds: 200 });
  // F1: 1; 308 in "just 308 points", 2 x 1 / (3 + 1) = 1/2; 0; and 1 for the refusal that is right.
  assert.is(summary.f1, 2.5 / 4);
  assert.is(summary.exact, 2 / 4);
  assert.equal(summary.answerable, { questions: 3, exact: 1 / 3, f1: 0.5 });
  assert.equal(summary.unanswerable, { questions: 1, exact: 1, f1: 1 });
  assert.equal([summary.hit_at_1, summary.hit_at_5, summary.hit_at_k], [1 / 3, 2 / 3, 2 / 3]);
  assert.is(summary.mrr, (1 + 1 / 2) / 3);
  // Of three answerable questions two cite the right document; of three citations two are of it; one text has 308 in it.
  assert.is(summary.citation_recall, 2 / 3);
  assert.is(summary.citation_precision, 2 / 3);
  assert.is(summary.cited_answer, 1 / 3);
  assert.equal([summary.citations, summary.dropped], [3, 2]);
  assert.equal([summary.refused, summary.falsely_refused], [1, 1 / 3]);
  // "They gave up just 308 points" has 6 words: 2 x 1 / (6 + 1).
  assert.equal(summary.first_sentence, { exact: 0, f1: 2 / 7 / 3, has_answer: 1 / 3 });
  // "just 308 points" twice, and nothing.
  assert.equal(summary.whole_answer, { exact: 0, f1: 1 / 3 });
  assert.ok(Math.abs(summary.against_first_sentence!.difference - (0.5 - 2 / 21)) < 1e-12);
  assert.equal(summary.latency['total'], { mean: 35, p50: 30, p95: 50 });
  assert.equal(summary.context_tokens, { mean: 150, p50: 100, p95: 300, largest: 300 });
  assert.equal([summary.halves.first.questions, summary.halves.second.questions], [2, 2]);
  assert.is(summary.halves.first.f1, 0.75);
  assert.equal(
    summary.bands.map(({ name, band }) => [name, band]),
    [
      ['exact_single_hop', 'pass'],
      ['citation_recall', 'pass'],
      ['latency_seconds', 'excellent'],
      ['context_tokens', 'excellent'],
    ],
  );
});

test('without questions of a kind there is no figure of them', () => {
  const scored = [scoreRecord(records[3]!, 'squad')];
  const summary = summariseAnswers(scored, { measure: 'squad' });
  assert.is(summary.citation_recall, null);
  assert.is(summary.citation_precision, null);
  assert.is(summary.against_first_sentence, null);
  assert.is(summary.refused, 1);
  assert.match(formatAnswers(summary), /refused rightly +100\.0%/);
});

test('bands: what lies on a bound belongs to the lower one', () => {
  assert.is(bandOf('exact_single_hop', 0.71), 'excellent');
  assert.is(bandOf('exact_single_hop', 0.7), 'good');
  assert.is(bandOf('exact_multi_hop', 0.4), 'pass');
  assert.is(bandOf('citation_recall', 0.64), 'below');
  assert.is(bandOf('latency_seconds', 1.9), 'excellent');
  assert.is(bandOf('latency_seconds', 2), 'good');
  assert.is(bandOf('latency_seconds', 10.1), 'below');
  assert.is(bandOf('context_tokens', 32 * 1024), 'good');
});

test('numbers of citations are no part of an answer; other brackets are', () => {
  assert.is(withoutCitationNumbers('It was 308 [1]. Or [12] of it [1, 2].', new Set([1, 2])), 'It was 308. Or [12] of it.');
  assert.is(withoutCitationNumbers('308[1][2]', new Set([1, 2])), '308');
});

test('the page and the table say the figures, and escape what documents say', () => {
  const scored = [...records, record({ id: 'e', question: '<script>', prediction: 'no', citations: [] })].map((one) =>
    scoreRecord(one, 'squad'),
  );
  const summary = summariseAnswers(scored, { measure: 'squad', rounds: 200 });
  const page = answersPage({ title: 'Answers', conditions: { collection: 'a & b' }, summary, answers: scored });
  assert.match(page, /&lt;script&gt;/);
  assert.not.match(page, /<script>/);
  assert.match(page, /a &amp; b/);
  assert.match(page, new RegExp(`data value="${summary.citation_recall}"`));
  assert.match(formatAnswers(summary), /citation recall +50\.0%/);
});

test.run();
