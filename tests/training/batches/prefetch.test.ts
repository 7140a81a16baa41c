import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/index.ts';
import type { CemModel } from '../../../model/embedder.ts';
import { type CompressedText, type EncodeFrames, encodeHere } from '../../../training/batches/batch-encoding.ts';
import { compressInMemory, Granularity } from '../../../training/batches/granularity.ts';
import { BatchPrefetch } from '../../../training/loop/prefetch.ts';
import { testBackend } from '../../backend.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { randomValues, smallestModel } from '../../model/tiny-model.ts';
import { passageRows } from '../tiny-run.ts';

interface Context {
  model: CemModel;
  parts: Granularity[];
}

const DIMENSION = 16;
const NONE = new Uint8Array(0);

const test = suite<Context>('prefetch');
test.before(async (context) => {
  await testBackend();
  context.model = smallestModel(DIMENSION);
  const texts = passageRows(20).map(({ text }) => text);
  context.parts = ['one', 'two'].map((name, index) => {
    const targets = randomValues(texts.length * DIMENSION, name);
    const frames = compressInMemory(texts, NONE, 3, () => {});
    const options = { batchSize: 4 + index, weight: 1, windowBatches: 2, seed: 5 };
    return new Granularity(name, { ...frames, count: texts.length, targets }, options);
  });
});
test.after(({ model }) => model.dispose());

/** A thread that is none: it encodes when it is let to, and says what it was asked. */
function heldThread(model: CemModel): { encode: EncodeFrames; close(): Promise<void>; asked: number; release(): void } {
  const held: (() => void)[] = [];
  const here = encodeHere(model);
  const thread = {
    asked: 0,
    encode: async (texts: readonly CompressedText[]) => {
      thread.asked++;
      await new Promise<void>((resolve) => held.push(resolve));
      return here(texts);
    },
    close: async () => thread.release(),
    release: () => {
      for (const resolve of held.splice(0)) resolve();
    },
  };
  return thread;
}

test('steps have the batches that they have without it, in order and out of order, over the end of an epoch', async ({
  model,
  parts,
}) => {
  const prepared = model.prepareDictionary(NONE);
  const prefetch = new BatchPrefetch(parts, model, prepared, { groups: 2, steps: 9 });
  for (const step of [0, 1, 2, 3, 7, 8, 4]) {
    const expected = [];
    for (const number of [2 * step, 2 * step + 1])
      expected.push(await Promise.all(parts.map((part) => part.batch(number, model, prepared))));
    assert.equal(await prefetch.take(step), expected, `step ${step}`);
  }
  const share = prefetch.waitShare();
  assert.ok(share > 0 && share < 1, `${share}`);
  await prefetch.close();
});

test('two steps ahead are asked for, and no step twice', async ({ model, parts }) => {
  const asked: number[] = [];
  const here = encodeHere(model);
  const thread = {
    encode: (texts: readonly CompressedText[]) => {
      asked.push(texts.length);
      return here(texts);
    },
    close: async () => {},
  };
  const prefetch = new BatchPrefetch(parts, model, model.prepareDictionary(NONE), { groups: 1, steps: 5 }, thread);
  const counts: number[] = [];
  for (let step = 0; step < 5; step++) {
    await prefetch.take(step);
    // The thread has the step behind; the one behind that follows without being waited for.
    await new Promise((resolve) => setTimeout(resolve, 20));
    counts.push(asked.length / parts.length);
  }
  assert.equal(counts, [3, 4, 5, 5, 5]);
  await prefetch.close();
});

test('the next step is with the thread when a step is given out, and none behind the last', async ({ model, parts }) => {
  const thread = heldThread(model);
  const prefetch = new BatchPrefetch(parts, model, model.prepareDictionary(NONE), { groups: 3, steps: 2 }, thread);
  const first = prefetch.take(0);
  while (thread.asked < 6) await new Promise((resolve) => setImmediate(resolve));
  thread.release();
  assert.is((await first).length, 3);
  // Two granularities in three groups, of both steps.
  assert.is(thread.asked, 12);
  const second = prefetch.take(1);
  thread.release();
  await second;
  assert.is(thread.asked, 12);
  await prefetch.close();
});

test('an error is thrown by the step that it belongs to, and by no step when the run ends before', async ({ model, parts }) => {
  const failing = (calls: number) => {
    let left = calls;
    const here = encodeHere(model);
    return {
      encode: async (texts: readonly CompressedText[]) => {
        if (left-- > 0) return here(texts);
        throw new CemError('TEST_BROKEN', 'a frame cannot be read');
      },
      close: async () => {},
    };
  };
  const prepared = model.prepareDictionary(NONE);
  for (const taken of [1, 2]) {
    const prefetch = new BatchPrefetch(parts, model, prepared, { groups: 1, steps: 5 }, failing(2));
    await prefetch.take(0);
    if (taken === 2) assert.is((await errorOf(() => prefetch.take(1))).code, 'TEST_BROKEN');
    await prefetch.close();
  }
});

test.run();
