import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import type { CorpusVectors, Encoder, Vectors } from '../../../encoders/index.ts';
import { RandomEncoder } from '../../../encoders/index.ts';
import { ExactRetriever, plainInnerProducts, tensorInnerProducts } from '../../../search/exact/index.ts';
import { compareRanked } from '../../../search/index.ts';
import { testBackend } from '../../backend.ts';

const test = suite('exact search');

/** An encoder with vectors given outright: `rows` of a document, one vector of a query, both by name. */
function fixedEncoder(documents: Record<string, number[][]>, queries: Record<string, number[]>, dimension = 2): Encoder {
  return {
    description: { id: 'fixed', revision: '1', dimension, settings: {} },
    async encodeQueries(texts): Promise<Vectors> {
      return { rows: texts.length, dimension, data: Float32Array.from(texts.flatMap((text) => queries[text]!)) };
    },
    async encodeCorpus(ids): Promise<CorpusVectors> {
      const owners = ids.flatMap((id, index) => documents[id]!.map(() => index));
      const data = ids.flatMap((id) => documents[id]!.flat());
      return { rows: owners.length, dimension, data: Float32Array.from(data), owners: Int32Array.from(owners) };
    },
  };
}

test('a document scores as the best of its rows; ties go to the higher id; one without rows is not found', async () => {
  const encoder = fixedEncoder(
    {
      a: [
        [1, 0],
        [0, 1],
      ],
      b: [[0.5, 0.5]],
      c: [[0, 1]],
      none: [],
    },
    { up: [0, 1], right: [1, 0] },
  );
  const retriever = await ExactRetriever.create(encoder, ['a', 'none', 'b', 'c']);
  const [up, right] = await retriever.search(['up', 'right'], { k: 10 });
  assert.equal(up, [
    { document: 'c', score: 1, retriever: 'fixed' },
    { document: 'a', score: 1, retriever: 'fixed' },
    { document: 'b', score: 0.5, retriever: 'fixed' },
  ]);
  assert.equal(
    right!.map(({ document, score }) => [document, score]),
    [
      ['a', 1],
      ['b', 0.5],
      ['c', 0],
    ],
  );
  assert.is(retriever.name, 'fixed');
});

test('over several blocks of queries and rows equals a full sort, with rows of one document on both sides of a border', async () => {
  const numbers = new RandomNumbers(3, 'exact');
  const ids = Array.from({ length: 3000 }, (_, index) => `d${index}`);
  // Whole numbers: products are exact in any order of summation, and tie often.
  const vector = (): number[] => [numbers.integer(21) - 10, numbers.integer(21) - 10];
  const documents = Object.fromEntries(ids.map((id) => [id, Array.from({ length: 1 + numbers.integer(4) }, vector)]));
  const queries = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`q${index}`, vector()]));
  const retriever = await ExactRetriever.create(fixedEncoder(documents, queries), ids);
  const results = await retriever.search(Object.keys(queries), { k: 20 });
  for (const [index, query] of Object.values(queries).entries()) {
    if (index % 37 !== 0) continue;
    const expected = ids
      .map((document) => ({
        document,
        score: Math.max(...documents[document]!.map((row) => row[0]! * query[0]! + row[1]! * query[1]!)),
      }))
      .sort(compareRanked)
      .slice(0, 20);
    assert.equal(
      results[index]!.map(({ document, score }) => ({ document, score })),
      expected,
    );
  }
  // 100 scores of 3,000 documents: 27 queries at once. Means of up to four whole numbers, in the order in which they are summed here.
  for (const best of [2, 100]) {
    const means = await retriever.search(Object.keys(queries), { k: 20, scoring: { kind: 'mean', best } });
    for (const [index, query] of Object.values(queries).entries()) {
      if (index % 41 !== 0) continue;
      const expected = ids
        .map((document) => {
          // A row of zeros is no direction, and does not count.
          const rows = documents[document]!.filter(([x, y]) => x !== 0 || y !== 0);
          const scores = rows.map((row) => row[0]! * query[0]! + row[1]! * query[1]!).sort((a, b) => b - a);
          const counted = scores.slice(0, best);
          return { document, score: counted.reduce((sum, score) => sum + score, 0) / counted.length };
        })
        .filter(({ score }) => !Number.isNaN(score))
        .sort(compareRanked)
        .slice(0, 20);
      assert.equal(
        means[index]!.map(({ document, score }) => ({ document, score })),
        expected,
      );
    }
  }
});

test('products on a backend equal those of plain loops', async () => {
  const encoder = new RandomEncoder({ dimension: 48 });
  const left = await encoder.encodeQueries(['x', 'y', 'z']);
  const right = await encoder.encodeCorpus(Array.from({ length: 50 }, (_, index) => `${index}`));
  const tf = await testBackend();
  const { numTensors } = tf.memory();
  const [plain, tensor] = [await plainInnerProducts(left, right), await tensorInnerProducts(left, right)];
  assert.is(tf.memory().numTensors, numTensors);
  assert.is(tensor.length, 150);
  plain.forEach((value, index) => {
    assert.ok(Math.abs(value - tensor[index]!) < 1e-5);
  });
});

test('equal vectors tie on a backend wherever they lie in a block, so that their order is that of their ids', async () => {
  await testBackend();
  const numbers = new RandomNumbers(4, 'ties');
  const dimension = 300;
  const vector = (): number[] => Array.from({ length: dimension }, () => numbers.normal());
  // Seven vectors over two blocks, the second of an odd size, so that products lie in the middle and at every edge of what is computed at once.
  const distinct = Array.from({ length: 7 }, vector);
  const ids = Array.from({ length: 4096 + 333 }, (_, index) => `d${index}`);
  const kinds = ids.map(() => numbers.integer(distinct.length));
  const documents = Object.fromEntries(ids.map((id, index) => [id, [distinct[kinds[index]!]!]]));
  const queries = Object.fromEntries(Array.from({ length: 37 }, (_, index) => [`q${index}`, vector()]));
  const encoder = fixedEncoder(documents, queries, dimension);
  const retriever = await ExactRetriever.create(encoder, ids, { innerProducts: tensorInnerProducts });
  const results = await retriever.search(Object.keys(queries), { k: ids.length });
  // A single query is multiplied by other code.
  results[0] = (await retriever.search(['q0'], { k: ids.length }))[0]!;
  for (const [index, query] of Object.values(queries).entries()) {
    const score = distinct.map((row) => row.reduce((sum, value, place) => sum + value * query[place]!, 0));
    const expected = ids.map((document, place) => ({ document, score: score[kinds[place]!]! })).sort(compareRanked);
    assert.equal(
      results[index]!.map(({ document }) => document),
      expected.map(({ document }) => document),
    );
  }
});

test('no queries have no results', async () => {
  const retriever = await ExactRetriever.create(fixedEncoder({ a: [[1, 0]] }, {}), ['a']);
  assert.equal(await retriever.search([], { k: 5 }), []);
});

test('a vector that is not finite is refused', async () => {
  let code: unknown;
  try {
    await ExactRetriever.create(fixedEncoder({ a: [[1, Number.NaN]] }, {}), ['a']);
  } catch (error) {
    code = (error as { code?: unknown }).code;
  }
  assert.is(code, 'SEARCH_NOT_FINITE');
});

test.run();
