import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { joinWindows, naturalOrder } from '../../../data/index.ts';
import type { CemModel } from '../../../model/embedder.ts';
import { NgramHash } from '../../../model/symbols/ngram-hash.ts';
import { encodeHere } from '../../../training/batches/batch-encoding.ts';
import { compressInMemory, Granularity, withTargets } from '../../../training/batches/granularity.ts';
import { BatchPrefetch } from '../../../training/loop/prefetch.ts';
import { EncodingThread } from '../../../training/workers/encoding-thread.ts';
import { createDecompressor, parseFrame, readDictionary, trainDictionary } from '../../../zpkg/index.ts';
import { testBackend } from '../../backend.ts';
import { encodePlainly } from '../../model/plain-passages.ts';
import { randomValues, tinyConfig, tinyModel } from '../../model/tiny-model.ts';
import { passageRows } from '../tiny-run.ts';

interface Context {
  model: CemModel;
}

const test = suite<Context>('windows');

const DIMENSION = 8;
const TABLES = { sizes: [3, 5], rows: 211, hashFunction: 0 };
const texts = passageRows(40).map(({ text }) => text);
const OWN = trainDictionary(
  texts.map((text) => Buffer.from(text)),
  { size: 1024, level: 3 },
);
const LONG = trainDictionary(
  joinWindows(texts, 5).texts.map((text) => Buffer.from(text)),
  { size: 2048, level: 9 },
);

test.before(async (context) => {
  await testBackend();
  context.model = tinyModel(tinyConfig({ tables: TABLES }), DIMENSION);
});
test.after(({ model }) => model.dispose());

const bytesOf = (text: string, span: { start: number; end: number } | undefined) =>
  Buffer.from(text).toString('utf8', span!.start, span!.end);

test('neighbours are joined by a blank line, which belongs to the one before it; their spans tile the window', () => {
  const { texts: windows, places } = joinWindows(['ä', 'b\n\n', '', 'd', 'e\n'], 2);
  assert.equal(windows, ['ä\n\nb\n\n', '\n\nd', 'e\n']);
  assert.equal(places, [
    { frame: 0, span: { start: 0, end: 4 } },
    { frame: 0, span: { start: 4, end: 7 } },
    { frame: 1, span: { start: 0, end: 2 } },
    { frame: 1, span: { start: 2, end: 3 } },
    { frame: 2, span: { start: 0, end: 2 } },
  ]);
  // A text that ends with a blank line gets no second one.
  assert.is(joinWindows(['a\n\n', 'b'], 2).texts[0], 'a\n\nb');
  assert.equal(joinWindows([], 3), { texts: [], places: [] });
});

test('the order of ids: numbers by their value, the rest by its units, equal ones as they were', () => {
  const ordered = (...ids: string[]) => Array.from(naturalOrder(ids), (place) => ids[place]);
  assert.equal(ordered('d10', 'd2', 'd1', 'c99', 'd'), ['c99', 'd', 'd1', 'd2', 'd10']);
  assert.equal(ordered('a/10/2', 'a/9/30', 'a/10/1', 'a'), ['a', 'a/9/30', 'a/10/1', 'a/10/2']);
  assert.equal(ordered('12345678901234567891', '12345678901234567890', '9'), [
    '9',
    '12345678901234567890',
    '12345678901234567891',
  ]);
  assert.equal(ordered('x007', 'x7', 'x07', 'x0'), ['x0', 'x7', 'x07', 'x007']);
  assert.equal(ordered('b', 'B', 'ä', ''), ['', 'B', 'b', 'ä']);
  assert.equal([...naturalOrder(['b', 'a', 'b', 'a'])], [1, 3, 0, 2]);
  assert.equal([...naturalOrder([])], []);
});

test('a window ends before it becomes longer than 1 MiB, but for one text that is longer by itself', () => {
  const long = 'x'.repeat(400 * 1024);
  const longer = 'y'.repeat(2 * 1024 * 1024);
  const { texts: windows, places } = joinWindows([long, long, long, longer, 'z'], 10);
  assert.equal(
    places.map(({ frame }) => frame),
    [0, 0, 1, 2, 3],
  );
  assert.equal(
    windows.map((window) => window[0]),
    ['x', 'x', 'y', 'z'],
  );
});

/** Passages read from windows of five with weight 3, or from frames of their own. Every third text has no vector of the teacher. */
function granularity(): Granularity {
  const targets = randomValues(texts.length * DIMENSION, 'targets');
  for (let text = 0; text < texts.length; text += 3) targets.fill(0, text * DIMENSION, (text + 1) * DIMENSION);
  const { texts: windows, places } = joinWindows(texts, 5);
  const { frame } = compressInMemory(windows, LONG, 9, () => {});
  const variant = {
    dictionary: LONG,
    weight: 3,
    frame: (index: number) => frame(places[index]!.frame),
    placeOf: (index: number) => places[index]!,
  };
  const own = compressInMemory(texts, OWN, 3, () => {});
  return new Granularity('passages', withTargets({ ...own, variants: [variant], targets }, DIMENSION), {
    batchSize: 9,
    weight: 1,
    windowBatches: 2,
    seed: 5,
  });
}

test('a batch is its texts own symbols and rows, from windows as from frames of their own; a window is parsed once', async ({
  model,
}) => {
  const part = granularity();
  const hash = new NgramHash(TABLES.sizes, TABLES.rows);
  let [fromWindows, met] = [0, 0];
  for (const number of [0, 1, 2, 7]) {
    const own = part.texts(number);
    let parsed = 0;
    const counting = {
      encode: model.encode.bind(model),
      batch: model.batch.bind(model),
      encodePassages: (...given: Parameters<CemModel['encodePassages']>) => {
        parsed++;
        return model.encodePassages(...given);
      },
    };
    const batch = await part.batch(number, model, model.prepareDictionary(OWN), async (frames) => {
      const expected = frames.map(({ frame, dictionary, span }, row) => {
        const content = Buffer.from(createDecompressor(dictionary.bytes).decompress(frame));
        const text = content.toString('utf8', span?.start ?? 0, span?.end ?? content.length);
        assert.ok(text === own[row] || text === `${own[row]}\n\n`, `row ${row}`);
        assert.is(dictionary.bytes, span === undefined ? OWN : LONG);
        const symbols = parseFrame(frame, readDictionary(dictionary.bytes));
        return encodePlainly(symbols, content, span ?? { start: 0, end: content.length }, hash);
      });
      const inWindows = frames.filter(({ span }) => span !== undefined);
      const windows = new Set(inWindows.map(({ frame }) => frame));
      const encoded = await encodeHere(counting)(frames);
      assert.equal(encoded, model.batch(expected));
      assert.is(parsed, windows.size);
      fromWindows += inWindows.length;
      met += inWindows.length - windows.size;
      return encoded;
    });
    assert.is(batch.targets.length, own.length * DIMENSION);
  }
  // Of 36 texts three quarters are expected; of 27 texts in 8 windows most meet another.
  assert.ok(fromWindows > 18 && fromWindows < 36, `${fromWindows} from windows`);
  assert.ok(met > 0, 'no neighbours met');
});

test('batches are functions of their number; prefetched on a thread they are those of this one', async ({ model }) => {
  const part = granularity();
  const prepared = model.prepareDictionary(OWN);
  assert.equal(await granularity().batch(7, model, prepared), await part.batch(7, model, prepared));
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

test('what the places of windows say is in the windows', () => {
  const { texts: windows, places } = joinWindows(texts, 7);
  assert.is(windows.length, Math.ceil(texts.length / 7));
  texts.forEach((text, index) => {
    const { frame, span } = places[index]!;
    assert.is(frame, Math.floor(index / 7));
    assert.is(bytesOf(windows[frame]!, span).replace(/\n\n$/, ''), text.replace(/\n\n$/, ''));
  });
});

test.run();
