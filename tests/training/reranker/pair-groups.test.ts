import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../model/backend/index.ts';
import { PairGroups } from '../../../training/reranker/pair-groups.ts';
import { rankingLoss } from '../../../training/reranker/ranking-loss.ts';
import { testBackend } from '../../backend.ts';
import { letterExamples, tinyRerankerRun } from './tiny-reranker.ts';

const test = suite('pairs that a reranker is trained on');
test.before(async () => void (await testBackend()));

const { training } = tinyRerankerRun();

test('the relevant text first, then others, none twice; a function of seed and step', () => {
  const examples = letterExamples(20);
  const groups = new PairGroups(examples, 1, training);
  const idOf = new Map(Array.from(examples.texts, ([id, text]) => [text, id]));
  for (let step = 0; step < 30; step++) {
    for (const { query, texts } of groups.at(step)) {
      const { positives, candidates } = examples.queries.find(({ text }) => text === query)!;
      const ids = texts.map((text) => idOf.get(text)!);
      assert.is(ids.length, 4);
      assert.is(new Set(ids).size, 4);
      assert.is(ids[0], positives[0]);
      // There are four candidates beside the relevant one, of which three are drawn.
      for (const id of ids.slice(1)) assert.ok(candidates.includes(id));
    }
  }
  assert.equal(new PairGroups(examples, 1, training).at(17), groups.at(17));
  assert.not.equal(new PairGroups(examples, 2, training).at(17), groups.at(17));
});

test('each epoch meets every query once, in an order of its own', () => {
  const examples = letterExamples(20);
  const groups = new PairGroups(examples, 1, training);
  const epoch = (first: number) => [0, 1, 2, 3, 4].flatMap((step) => groups.at(first + step).map(({ query }) => query));
  const all = examples.queries.map(({ text }) => text).sort();
  assert.equal([...epoch(0)].sort(), all);
  assert.equal([...epoch(5)].sort(), all);
  assert.not.equal(epoch(0), epoch(5));
  assert.is(groups.epochs(10), 2);
});

test('negatives come from the wanted candidates, from all texts where those are too few, and never from the relevant ones', () => {
  const { texts } = letterExamples(12);
  const query = { text: 'a', positives: ['d0', 'd1'], candidates: ['d1', 'd2', 'd3', 'd4', 'absent', 'd5', 'd6'] };
  const drawn = (negatives: object) => {
    const own = { ...training, queries: 1, negatives: { ...training.negatives, ...negatives } };
    const groups = new PairGroups({ texts, queries: [query] }, 1, own);
    const idOf = new Map(Array.from(texts, ([id, text]) => [text, id]));
    const seen = { first: new Set<string>(), others: new Set<string>() };
    for (let step = 0; step < 60; step++) {
      const [first, ...others] = groups.at(step)[0]!.texts.map((text) => idOf.get(text)!);
      seen.first.add(first!);
      for (const id of others) seen.others.add(id);
    }
    return { first: [...seen.first].sort(), others: [...seen.others].sort() };
  };
  assert.equal(drawn({ perQuery: 1, skip: 1, depth: 3 }), { first: ['d0', 'd1'], others: ['d3', 'd4', 'd5'] });
  const { others } = drawn({ perQuery: 4, skip: 3, depth: 50 });
  assert.equal(others, ['d2', 'd3', 'd4', 'd5', 'd6', 'd7', 'd8', 'd9', 'd10', 'd11'].sort());
  assert.throws(() => drawn({ perQuery: 11 }), /a query takes 13 texts/);
});

test('losses have the values of plain loops', async () => {
  const rows = [
    [2, -1, 0.5],
    [-3, 4, 0],
  ];
  const logits = tf.tensor2d(rows);
  const softmax = rows.map((row) => Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0)) - row[0]!);
  const [listwise] = await rankingLoss(logits, 'listwise').data();
  assert.ok(Math.abs(listwise! - (softmax[0]! + softmax[1]!) / 2) < 1e-5);
  const pairs = rows.flatMap((row) => row.map((value, place) => Math.log(1 + Math.exp(place === 0 ? -value : value))));
  const [binary] = await rankingLoss(logits, 'binary').data();
  assert.ok(Math.abs(binary! - pairs.reduce((sum, value) => sum + value, 0) / pairs.length) < 1e-5);
  // Large logits do not overflow.
  const [large] = await rankingLoss(tf.tensor2d([[-200, 200]]), 'binary').data();
  assert.ok(Math.abs(large! - 200) < 1e-3);
});

test.run();
