import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError, FormatError, UsageError } from '../../base/index.ts';
import { tf } from '../../model/backend/index.ts';
import { CemModel } from '../../model/embedder.ts';
import { createCompressor, trainDictionary } from '../../zpkg/index.ts';
import { testBackend } from '../backend.ts';
import { readmePassages, readmes } from './real-texts.ts';
import { tinyConfig, tinyModel } from './tiny-model.ts';

const test = suite('embedder');
test.before(async () => {
  await testBackend();
});

const DIMENSION = 12;
const NONE = new Uint8Array(0);
/** Lengths that make less than a patch, less than two windows, blocks of windows, and more than the maximum of symbols. */
const texts = [0, 1, 3, 17, 5000, 40, 300, 0, 900, 77, 1500].map((length, index) => readmes()[index + 3]!.slice(0, length));
const compressed = (level: number, dictionary: Uint8Array = NONE) => {
  const compressor = createCompressor({ level, dictionary });
  return texts.map((text) => compressor.compress(text));
};

function assertUnit(vectors: Float32Array, rows: number): void {
  assert.is(vectors.length, rows * DIMENSION);
  for (let row = 0; row < rows; row++) {
    const norm = Math.hypot(...vectors.subarray(row * DIMENSION, (row + 1) * DIMENSION));
    assert.ok(Math.abs(norm - 1) < 1e-5, `row ${row} has norm ${norm}`);
  }
}

for (const input of ['symbols', 'bytes'] as const) {
  test(`${input}: a batch of mixed lengths gives what each chunk gives alone, in order`, async () => {
    const model = tinyModel(tinyConfig({ input }), DIMENSION);
    const frames = compressed(3);
    const together = await model.encodeChunks(frames, NONE);
    assert.is(together.rows, frames.length);
    for (let row = 0; row < frames.length; row++) {
      const { data } = await model.encodeChunks([frames[row]!], NONE);
      const error = Math.max(...data.map((value, channel) => Math.abs(value - together.data[row * DIMENSION + channel]!)));
      assert.ok(error < 1e-5, `chunk ${row} is ${error} off`);
    }
    const reversed = await model.encodeChunks(frames.toReversed(), NONE);
    assert.ok(
      reversed.data.subarray(0, DIMENSION).every((value, i) => Math.abs(value - together.data.at(-DIMENSION + i)!) < 1e-5),
    );
    model.dispose();
  });
}

test('padding never changes a result: the same chunk in ever longer batches', async () => {
  const config = tinyConfig();
  const model = tinyModel(config, DIMENSION);
  const prepared = model.prepareDictionary(NONE);
  const chunk = model.encode(createCompressor({ level: 3 }).compress(texts[5]!), prepared);
  const alone = model.batch([chunk]);
  const results: Float32Array[] = [];
  for (const symbols of [alone.symbols, 64, 128, 256]) {
    const grow = <Numbers extends Float32Array | Int32Array>(numbers: Numbers, empty: Numbers): Numbers => {
      empty.set(numbers);
      return empty;
    };
    const batch = {
      ...alone,
      symbols,
      lengths: grow(alone.lengths, new Float32Array(symbols)),
      kinds: grow(alone.kinds, new Int32Array(symbols)),
    };
    const vectors = tf.tidy(() =>
      model.apply(tf.tensor3d(model.tables.embed(batch), [1, symbols, config.local.dimension]), batch),
    );
    results.push((await vectors.data()) as Float32Array);
    vectors.dispose();
  }
  for (const result of results) assert.ok(result.every((value, i) => Math.abs(value - results[0]![i]!) < 1e-5));
  model.dispose();
});

test('any dictionary and any level is read; an empty chunk gives a finite vector', async () => {
  const model = tinyModel(tinyConfig(), DIMENSION);
  const samples = readmePassages(200, 1024);
  const dictionaries = {
    none: NONE,
    raw: Buffer.concat(samples.slice(0, 8)),
    formatted: trainDictionary(samples, { size: 8192, level: 3 }),
  };
  for (const [name, dictionary] of Object.entries(dictionaries)) {
    for (const level of [1, 19]) {
      const { data } = await model.encodeChunks(compressed(level, dictionary), dictionary);
      const real = texts.flatMap((text, row) =>
        text.length > 0 ? [...data.subarray(row * DIMENSION, (row + 1) * DIMENSION)] : [],
      );
      assertUnit(Float32Array.from(real), texts.length - 2);
      assert.ok(
        data.every((value) => Number.isFinite(value)),
        `${name}, level ${level}`,
      );
      assert.ok(
        data.subarray(0, DIMENSION).every((value) => value === 0),
        'a chunk without a symbol is the zero vector',
      );
    }
  }
  model.dispose();
});

test('texts that differ in one word have different vectors', async () => {
  const model = tinyModel(tinyConfig(), DIMENSION);
  const compressor = createCompressor({ level: 19 });
  const frames = ['the quick brown fox', 'the quick brown cat'].map((text) => compressor.compress(Buffer.from(text)));
  const { data } = await model.encodeChunks(frames, NONE);
  assert.ok(data.subarray(0, DIMENSION).some((value, i) => Math.abs(value - data[DIMENSION + i]!) > 1e-3));
  model.dispose();
});

test('more chunks than one batch holds, with progress; none at all', async () => {
  const model = tinyModel(tinyConfig(), DIMENSION);
  const frames = Array.from({ length: 30 }, () => createCompressor({ level: 1 }).compress(texts[4]!));
  const seen: number[][] = [];
  const { data } = await model.encodeChunks(frames, NONE, undefined, { onProgress: (done, total) => seen.push([done, total]) });
  assertUnit(data, 30);
  // 1,024 symbols each, 16,384 a batch.
  assert.equal(seen, [
    [16, 30],
    [30, 30],
  ]);
  const nothing = await model.encodeChunks([], NONE);
  assert.equal([nothing.rows, nothing.data.length], [0, 0]);
  model.dispose();
});

test('the same seed gives the same weights, another seed others', async () => {
  const weightsOf = async (seed: number) => {
    const model = CemModel.create(tinyConfig(), DIMENSION, seed);
    const arrays = await Promise.all(model.graph.weights.map(async (weight) => [...(await weight.read().data())]));
    const tables = model.tables.tables.map((table) => [...table.subarray(0, 100)]);
    model.dispose();
    return [...arrays, ...tables];
  };
  const first = await weightsOf(7);
  assert.equal(await weightsOf(7), first);
  const other = await weightsOf(8);
  first.forEach((values, index) => {
    // Gains are ones in every new model.
    if (values.every((value) => value === 1)) return;
    assert.not.equal(other[index], values);
  });
});

test('two hash functions: a table for each size and function, and the second function counts', async () => {
  const tables = { sizes: [3, 5], rows: 101, hashFunction: 1 };
  const both = CemModel.create(tinyConfig({ tables: { ...tables, hashFunctions: 2 } }), DIMENSION, 1);
  const prepared = both.prepareDictionary(NONE);
  const frame = createCompressor({ level: 3 }).compress(texts[5]!);
  const { rows } = both.encode(frame, prepared);
  assert.is(both.tables.tables.length, 5);
  assert.is(rows.length, 5);
  for (const [index, hashFunction] of [1, 2].entries()) {
    const one = CemModel.create(tinyConfig({ tables: { ...tables, hashFunction } }), DIMENSION, 1);
    const alone = one.encode(frame, one.prepareDictionary(NONE)).rows;
    assert.equal(rows[0], alone[0]);
    assert.equal(rows.slice(1 + 2 * index, 3 + 2 * index), alone.slice(1));
    one.dispose();
  }
  const before = await both.encodeChunks([frame], NONE);
  both.tables.tables[4]!.fill(0);
  const after = await both.encodeChunks([frame], NONE);
  assert.not.equal(after.data, before.data);
  both.dispose();
});

test('a model of texts reads texts and no frames, the others frames and no texts', async () => {
  const codeOf = async (act: () => unknown) => {
    try {
      await act();
    } catch (error) {
      return (error as UsageError).code;
    }
    return undefined;
  };
  const text = tinyModel(tinyConfig({ input: 'text' }), DIMENSION);
  const frame = createCompressor({ level: 3 }).compress(texts[5]!);
  assert.is(await codeOf(() => text.encode(frame, text.prepareDictionary(NONE))), 'TEXT_MODEL_READS_NO_FRAMES');
  assert.is(await codeOf(() => text.encodeChunks([frame], NONE)), 'TEXT_MODEL_READS_NO_FRAMES');
  // Level 1 finds copies in it, so that symbols are not bytes; the text's are.
  const { count, kinds } = text.encodeText(texts[4]!);
  assert.equal([count, new Set(kinds).size], [1024, 1]);
  assertUnit((await text.encodeTexts([texts[4]!, texts[5]!])).data, 2);
  for (const input of ['symbols', 'bytes'] as const) {
    const model = tinyModel(tinyConfig({ input }), DIMENSION);
    assert.is(await codeOf(() => model.encodeText(texts[5]!)), 'MODEL_READS_FRAMES');
    model.dispose();
  }
  text.dispose();
});

test('the text input sees what the symbols of an incompressible frame are: the same vector', async () => {
  // Fewer bytes than a match has: the frame holds literals only.
  const bytes = Buffer.from('abcdefghijklmnop');
  const [text, symbols] = (['text', 'symbols'] as const).map((input) => tinyModel(tinyConfig({ input }), DIMENSION));
  const { data } = await text!.encodeTexts([bytes]);
  assert.equal(data, (await symbols!.encodeChunks([createCompressor({ level: 3 }).compress(bytes)], NONE)).data);
  text!.dispose();
  symbols!.dispose();
});

test('frame patches begin at blocks; of the bytes of a frame, at its sections', () => {
  const patching = { kind: 'frame', maximumLength: 6 } as const;
  const frame = createCompressor({ level: 3 }).compress(texts[6]!);
  for (const input of ['symbols', 'bytes'] as const) {
    const model = tinyModel(tinyConfig({ input, patching }), DIMENSION);
    const { count, patchStarts } = model.encode(frame, model.prepareDictionary(NONE));
    // One block: of symbols, every sixth begins a patch. The frame's bytes have the header, the block and its sequences section besides.
    const multiples = Array.from({ length: Math.ceil(count / 6) }, (_, patch) => 6 * patch);
    if (input === 'symbols') assert.equal([...patchStarts!], multiples);
    else assert.not.equal([...patchStarts!], multiples);
    model.dispose();
  }
});

test('entropy patching is refused without its language model', () => {
  const patching = { kind: 'entropy', model: 'runs/entropy', threshold: 1, monotonic: false } as const;
  const model = tinyModel(tinyConfig({ input: 'text', patching }), DIMENSION);
  assert.throws(
    () => model.encodeText(texts[5]!),
    (error: unknown) => error instanceof CemError && error.code === 'PATCHING_NO_ENTROPY_MODEL',
  );
  model.dispose();
});

test('Matryoshka: vectors are cut to a listed dimension and normalised again; others are refused', async () => {
  const model = tinyModel(tinyConfig({ matryoshka: [4, 8] }), DIMENSION);
  const frames = compressed(3);
  const whole = await model.encodeChunks(frames, NONE);
  const cut = await model.encodeChunks(frames, NONE, undefined, { dimension: 4 });
  assert.equal([cut.rows, cut.dimension, cut.data.length], [frames.length, 4, 4 * frames.length]);
  for (let row = 0; row < frames.length; row++) {
    const head = whole.data.subarray(row * DIMENSION, row * DIMENSION + 4);
    const norm = Math.hypot(...head);
    head.forEach((value, channel) => {
      const expected = norm > 0 ? value / norm : 0;
      assert.ok(Math.abs(cut.data[row * 4 + channel]! - expected) < 1e-6);
    });
  }
  assert.equal(await model.encodeChunks(frames, NONE, undefined, { dimension: DIMENSION }), whole);
  const refused: unknown = await model.encodeChunks(frames, NONE, undefined, { dimension: 6 }).catch((error: unknown) => error);
  assert.ok(refused instanceof UsageError && refused.code === 'DIMENSION_NOT_TRAINED');
  assert.throws(
    () => tinyModel(tinyConfig({ matryoshka: [4, DIMENSION + 1] }), DIMENSION),
    (error: unknown) => error instanceof UsageError && error.code === 'MATRYOSHKA_TOO_LONG',
  );
  model.dispose();
});

test('a malformed frame is refused', () => {
  const model = tinyModel(tinyConfig(), DIMENSION);
  const frame = compressed(3)[6]!;
  assert.throws(
    () => model.encode(frame.subarray(0, frame.length - 5), model.prepareDictionary(NONE)),
    (error: unknown) => error instanceof FormatError,
  );
  model.dispose();
});

test('a dictionary is prepared once, and the `bytes` input has no use for it', () => {
  const dictionary = Buffer.from('a dictionary of some length');
  const symbols = tinyModel(tinyConfig(), DIMENSION);
  assert.is(symbols.prepareDictionary(dictionary), symbols.prepareDictionary(dictionary));
  assert.is(symbols.prepareDictionary(dictionary).rows[0]!.ids.length, dictionary.length);
  const bytes = tinyModel(tinyConfig({ input: 'bytes' }), DIMENSION);
  assert.is(bytes.prepareDictionary(dictionary).rows[0]!.ids.length, 0);
  symbols.dispose();
  bytes.dispose();
});

test.run();
