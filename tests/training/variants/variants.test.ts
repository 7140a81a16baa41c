import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CemModel } from '../../../model/embedder.ts';
import { type CompressedText, encodeHere } from '../../../training/batches/batch-encoding.ts';
import { compressInMemory, Granularity, withTargets } from '../../../training/batches/granularity.ts';
import { BatchPrefetch } from '../../../training/loop/prefetch.ts';
import { drawVariants } from '../../../training/variants/draw-variants.ts';
import { EncodingThread } from '../../../training/workers/encoding-thread.ts';
import { createDecompressor, trainDictionary } from '../../../zpkg/index.ts';
import { testBackend } from '../../backend.ts';
import { randomValues, smallestModel } from '../../model/tiny-model.ts';
import { passageRows } from '../tiny-run.ts';

interface Context {
  model: CemModel;
}

const test = suite<Context>('variants');

const DIMENSION = 8;
const NONE = new Uint8Array(0);
const texts = passageRows(40).map(({ text }) => text);
const samples = texts.map((text) => Buffer.from(text));
const OWN = trainDictionary(samples.slice(0, 20), { size: 1024, level: 3 });
const OTHER = trainDictionary(samples.slice(20), { size: 2048, level: 9 });
/** Dictionary, level and weight. */
const VARIANTS = [
  [OTHER, 9, 1],
  [NONE, 1, 2],
] as const;

test.before(async (context) => {
  await testBackend();
  context.model = smallestModel(DIMENSION);
});
test.after(({ model }) => model.dispose());

/** Every third text has no vector of the teacher. */
function granularity(): Granularity {
  const targets = randomValues(texts.length * DIMENSION, 'targets');
  for (let text = 0; text < texts.length; text += 3) targets.fill(0, text * DIMENSION, (text + 1) * DIMENSION);
  const variants = VARIANTS.map(([dictionary, level, weight]) => {
    const { frame } = compressInMemory(texts, dictionary, level, () => {});
    return { dictionary, weight, frame };
  });
  const own = compressInMemory(texts, OWN, 3, () => {});
  return new Granularity('texts', withTargets({ ...own, variants, targets }, DIMENSION), {
    batchSize: 6,
    weight: 1,
    windowBatches: 2,
    seed: 5,
  });
}

test('draws follow the weights, depend on seed, granularity and number, and are 0 without variants', () => {
  const batch = { granularity: 'words', number: 0, seed: 1 };
  const counts = [0, 0, 0];
  for (const variant of drawVariants([1, 2], 40_000, batch)) counts[variant]!++;
  // Of 40,000 draws with probability 1/4, 1/4, 1/2: 5 standard deviations are at most 500.
  [10_000, 10_000, 20_000].forEach((expected, variant) => {
    assert.ok(Math.abs(counts[variant]! - expected) < 500, `${counts}`);
  });
  const first = drawVariants([1, 2], 50, batch);
  assert.equal(drawVariants([1, 2], 50, batch), first);
  for (const other of [{ number: 1 }, { seed: 2 }, { granularity: 'titles' }])
    assert.not.equal(drawVariants([1, 2], 50, { ...batch, ...other }), first);
  assert.equal(drawVariants([], 5, batch), new Uint8Array(5));
});

test('a batch mixes packings, each frame with its own dictionary and of its own text; the same in any order of asking', async ({
  model,
}) => {
  const part = granularity();
  const asked = new Map<number, readonly CompressedText[]>();
  const ask = (number: number, from: Granularity) =>
    from.batch(number, model, model.prepareDictionary(OWN), (frames) => {
      asked.set(number, frames);
      return encodeHere(model)(frames);
    });
  for (const number of [0, 1, 2, 9]) await ask(number, part);
  for (const [number, frames] of asked) {
    const decompressed = frames.map(({ frame, dictionary }) =>
      Buffer.from(createDecompressor(dictionary.bytes).decompress(frame)).toString('utf8'),
    );
    assert.equal(decompressed, part.texts(number));
  }
  const used = new Set([...asked.values()].flat().map(({ dictionary }) => dictionary.bytes));
  assert.equal(used, new Set([OWN, OTHER, NONE]));
  assert.ok([...asked.values()].some((frames) => new Set(frames.map(({ dictionary }) => dictionary)).size > 1));
  // As a resumed run asks: from the middle, of objects of its own.
  const before = asked.get(9)!;
  await ask(9, granularity());
  assert.equal(
    asked.get(9)!.map(({ frame }) => Buffer.from(frame)),
    before.map(({ frame }) => Buffer.from(frame)),
  );
});

test('prefetched on a thread, batches of mixed packings are those of this thread', async ({ model }) => {
  const part = granularity();
  const prepared = model.prepareDictionary(OWN);
  const thread = new EncodingThread(model, 0);
  const prefetch = new BatchPrefetch([part], model, prepared, { groups: 1, steps: 1000 }, thread);
  try {
    let there = 0;
    for (let step = 0; there < 3; step++) {
      if (thread.running) there++;
      const [[batch]] = (await prefetch.take(step)) as [[unknown]];
      assert.equal(batch, await part.batch(step, model, prepared), `step ${step}`);
      if (!thread.running) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    await prefetch.close();
  }
});

test.run();
