import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { QueryEmbedder } from '../../../encoders/index.ts';
import { RememberingEmbedder } from '../../../rag/index.ts';

const test = suite('queries that are remembered');

/** The vector of a text is its length and its first letter's code. */
function counting(): { readonly embedder: QueryEmbedder; readonly calls: string[][] } {
  const calls: string[][] = [];
  const embedder = {
    description: { id: 'length', revision: '1', dimension: 2, settings: {} },
    async embedQueries(texts: readonly string[]) {
      calls.push([...texts]);
      if (texts.includes('bad')) throw new TypeError('bad');
      return {
        rows: texts.length,
        dimension: 2,
        data: Float32Array.from(texts.flatMap((text) => [text.length, text.charCodeAt(0)])),
      };
    },
    async dispose() {},
  } as unknown as QueryEmbedder;
  return { embedder, calls };
}

test('a query is encoded once, and its vector is the same each time, in whatever company', async () => {
  const { embedder, calls } = counting();
  const remembering = new RememberingEmbedder(embedder);
  const first = await remembering.embedQueries(['anchor', 'oar', 'anchor']);
  assert.equal([first.rows, [...first.data]], [3, [6, 97, 3, 111, 6, 97]]);
  const second = await remembering.embedQueries(['keel', 'oar']);
  assert.equal([...second.data], [4, 107, 3, 111]);
  assert.equal(calls, [['anchor', 'oar'], ['keel']]);
  assert.equal(remembering.asked, { hits: 1, misses: 3 });
  // What a caller does with its vectors is its own.
  second.data.fill(0);
  assert.equal([...(await remembering.embedQueries(['oar'])).data], [3, 111]);
  assert.equal((await remembering.embedQueries([])).rows, 0);
});

test('the query that was asked longest ago is forgotten; a failure is not remembered', async () => {
  const { embedder, calls } = counting();
  const remembering = new RememberingEmbedder(embedder, 2);
  for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) await remembering.embedQueries([text]);
  assert.equal(calls.flat(), ['a', 'b', 'c', 'b']);
  for (let time = 0; time < 2; time++) {
    await remembering.embedQueries(['bad']).then(
      () => assert.unreachable(),
      (error) => assert.is(error.message, 'bad'),
    );
  }
  assert.is(calls.flat().filter((text) => text === 'bad').length, 2);
});

test.run();
