import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { QueryEmbedder } from '../../../encoders/index.ts';
import { BatchingEmbedder } from '../../../rag/retrieval/batching-embedder.ts';
import { DIMENSION, hashVector, tableEmbedder } from '../fixtures.ts';

const test = suite('batching embedder');

/** An embedder that keeps what it was given, and lets each call wait for `pass`. */
function gated(): { embedder: QueryEmbedder; calls: (readonly string[])[]; pass(): void } {
  const table = tableEmbedder(new Map());
  const calls: (readonly string[])[] = [];
  const waiting: (() => void)[] = [];
  const embedder: QueryEmbedder = {
    description: table.description,
    dispose: table.dispose,
    async embedQueries(texts) {
      calls.push(texts);
      await new Promise<void>((resolve) => waiting.push(resolve));
      if (texts.includes('bad')) throw new Error('a text that cannot be encoded');
      return table.embedQueries(texts);
    },
  };
  return { embedder, calls, pass: () => waiting.shift()?.() };
}

/** Until the embedder was called so often. */
async function called(calls: readonly unknown[], times: number): Promise<void> {
  while (calls.length < times) await new Promise(setImmediate);
}

test('what is asked while the encoder works goes through it in one call, and each asker gets its own vectors', async () => {
  const { embedder, calls, pass } = gated();
  const batching = new BatchingEmbedder(embedder, 4);
  const first = batching.embedQueries(['one']);
  await called(calls, 1);
  const others = [['two'], ['three', 'four'], ['five'], ['six', 'seven', 'eight', 'nine', 'ten'], ['eleven']].map((texts) => ({
    texts,
    vectors: batching.embedQueries(texts),
  }));
  for (let call = 1; call <= 4; call++) {
    await called(calls, call);
    pass();
  }
  // At most 4 texts a call, in the order in which they came; what one asks for stays together.
  assert.equal(calls, [['one'], ['two', 'three', 'four', 'five'], ['six', 'seven', 'eight', 'nine', 'ten'], ['eleven']]);
  assert.equal((await first).data, hashVector('one'));
  for (const { texts, vectors } of others) {
    const { rows, dimension, data } = await vectors;
    assert.equal([rows, dimension, data.length], [texts.length, DIMENSION, texts.length * DIMENSION]);
    for (const [row, text] of texts.entries()) assert.equal(data.slice(row * DIMENSION, (row + 1) * DIMENSION), hashVector(text));
  }
  assert.equal(batching.encoded, { queries: 11, calls: 4 });
});

test('who has gone by their turn is left out', async () => {
  const { embedder, calls, pass } = gated();
  const batching = new BatchingEmbedder(embedder);
  const gone = new AbortController();
  const first = batching.embedQueries(['one']);
  await called(calls, 1);
  const dropped = Promise.allSettled([batching.embedQueries(['two'], undefined, gone.signal)]);
  const kept = batching.embedQueries(['three'], undefined, new AbortController().signal);
  gone.abort(new Error('gone'));
  pass();
  await called(calls, 2);
  pass();
  await Promise.all([first, kept]);
  assert.equal(calls, [['one'], ['three']]);
  const [{ status, reason }] = (await dropped) as [PromiseRejectedResult];
  assert.equal([status, (reason as Error).message], ['rejected', 'gone']);
});

test('a text that cannot be encoded fails for its asker alone', async () => {
  const { embedder, calls, pass } = gated();
  const batching = new BatchingEmbedder(embedder);
  const asked = ['good', 'bad', 'better'].map((text) => batching.embedQueries([text]));
  const settled = Promise.allSettled(asked);
  for (let call = 1; call <= 4; call++) {
    await called(calls, call);
    pass();
  }
  assert.equal(
    (await settled).map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal(calls, [['good', 'bad', 'better'], ['good'], ['bad'], ['better']]);
  // It goes on.
  const after = batching.embedQueries(['after']);
  await called(calls, 5);
  pass();
  assert.is((await after).rows, 1);
});

test.run();
