import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ByteSpan, CemError } from '../../base/index.ts';
import { tf } from '../../model/backend/index.ts';
import type { CemModel } from '../../model/embedder.ts';
import { NgramHash } from '../../model/symbols/ngram-hash.ts';
import type { EncodedChunk } from '../../model/symbols/symbol-batch.ts';
import { createCompressor, parseFrame, readDictionary, trainDictionary } from '../../zpkg/index.ts';
import { testBackend } from '../backend.ts';
import { drawSpans, encodePlainly } from './plain-passages.ts';
import { readmePassages } from './real-texts.ts';
import { tinyConfig, tinyModel } from './tiny-model.ts';

const test = suite('passages');

const DIMENSION = 8;
const NONE = new Uint8Array(0);
const TABLES = { sizes: [3, 5, 8], rows: 1009, hashFunction: 0 };
const hash = new NgramHash(TABLES.sizes, TABLES.rows);
/** Bytes of a chunk: long enough for several passages of more than one symbol. */
const CHUNK_BYTES = 1200;
const CHUNKS = 1000;
const REFERENCES_AT_ONCE = 64;

let model: CemModel;
test.before(async () => {
  await testBackend();
  model = tinyModel(
    tinyConfig({
      tables: TABLES,
      local: { dimension: 8, layers: 1, heads: 2, feedForward: 12, window: 8, crossAttentionHeads: 2 },
      global: { dimension: 8, layers: 1, heads: 2, feedForward: 12 },
    }),
    DIMENSION,
  );
});
test.after(() => model.dispose());

/** Their vectors, by the tables and the graph alone. */
async function vectorsOf(chunks: readonly EncodedChunk[]): Promise<Float32Array> {
  const data = new Float32Array(chunks.length * DIMENSION);
  for (let from = 0; from < chunks.length; from += REFERENCES_AT_ONCE) {
    const batch = model.batch(chunks.slice(from, from + REFERENCES_AT_ONCE));
    const vectors = tf.tidy(() =>
      model.apply(tf.tensor3d(model.tables.embed(batch), [batch.size, batch.symbols, model.config.local.dimension]), batch),
    );
    data.set(await vectors.data(), from * DIMENSION);
    vectors.dispose();
  }
  return data;
}

const same = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  a.length === b.length && Array.from(a).every((value, i) => value === b[i]);

/** Compares passages of every text with those of its plain text: symbols and rows exactly, vectors to 1e-5. */
async function compare(texts: readonly Uint8Array[], level: number, bytes: Uint8Array): Promise<void> {
  const dictionary = bytes.length > 0 ? readDictionary(bytes) : undefined;
  const compressor = createCompressor({ level, dictionary: bytes });
  const frames = texts.map((text) => compressor.compress(text));
  const spans = texts.map((text, index) => drawSpans(text.length, `spans/${index}`));
  const prepared = model.prepareDictionary(bytes);
  let cutCopies = 0;
  const expected = frames.flatMap((frame, index) => {
    const symbols = parseFrame(frame, dictionary);
    const found = model.encodePassages(frame, prepared, spans[index]!);
    return spans[index]!.map((span, passage) => {
      const plain = encodePlainly(symbols, texts[index]!, span, hash);
      const { count, lengths, kinds, rows } = found[passage]!;
      const name = `chunk ${index}, bytes ${span.start} to ${span.end}`;
      assert.is(count, plain.count, name);
      assert.ok(same(lengths, plain.lengths) && same(kinds, plain.kinds), name);
      plain.rows.forEach((table, number) => {
        assert.ok(same(rows[number]!, table), `${name}: table ${number}`);
      });
      if (!startsOf(symbols.lengths).has(span.start)) cutCopies++;
      return plain;
    });
  });
  assert.ok(cutCopies > texts.length / 10, `${cutCopies} copies are cut`);
  const { data, rows, unread } = await model.encodeChunks(frames, bytes, spans);
  assert.is(rows, expected.length);
  assert.is(unread, undefined);
  const reference = await vectorsOf(expected);
  let worst = 0;
  data.forEach((value, place) => {
    worst = Math.max(worst, Math.abs(value - reference[place]!));
  });
  assert.ok(worst < 1e-5, `a vector is ${worst} off`);
}

function startsOf(lengths: Uint32Array): Set<number> {
  const starts = new Set<number>();
  let position = 0;
  for (const length of lengths) {
    starts.add(position);
    position += length;
  }
  return starts;
}

const texts = readmePassages(CHUNKS, CHUNK_BYTES);
const trained = trainDictionary(
  readmePassages(1300, 1024).filter((_, index) => index % 3 === 0),
  { size: 32_768, level: 3 },
);

for (const [name, dictionary] of [
  ['no dictionary', NONE],
  ['a dictionary', trained],
] as const) {
  for (const level of [1, 3, 19]) {
    test(`${CHUNKS} chunks at level ${level} with ${name}: passages are those of the plain text`, async () => {
      assert.is(texts.length, CHUNKS);
      await compare(texts, level, dictionary);
    });
  }
}

const TECHDOCS = new URL('../../../shared/data/techdocs-beir/corpus.jsonl', import.meta.url);
const JOINED = 10;

if (!existsSync(TECHDOCS)) {
  console.log('skipped: passages of technical documentation (../shared/data is not beside the checkout)');
} else {
  test('documents of ten passages of technical documentation: passages are those of the plain text', async () => {
    const passages: string[] = [];
    const lines = createInterface({ input: createReadStream(TECHDOCS) });
    for await (const line of lines) {
      passages.push((JSON.parse(line) as { text: string }).text);
      if (passages.length === 500) break;
    }
    lines.close();
    const documents = Array.from({ length: passages.length / JOINED }, (_, index) =>
      Buffer.from(passages.slice(index * JOINED, (index + 1) * JOINED).join('\n\n')),
    );
    const dictionary = trainDictionary(
      passages.map((passage) => Buffer.from(passage)),
      { size: 32_768, level: 3 },
    );
    for (const level of [1, 3, 19]) for (const bytes of [NONE, dictionary]) await compare(documents, level, bytes);
  });
}

const frameOf = (text: string) => createCompressor({ level: 3 }).compress(Buffer.from(text));

test('chunks with and without passages in one call: rows in the order of chunks and passages, progress counts rows', async () => {
  const frames = texts.slice(0, 3).map((text) => createCompressor({ level: 3 }).compress(text));
  const spans = [
    undefined,
    [
      { start: 0, end: 700 },
      { start: 700, end: CHUNK_BYTES },
    ],
    [],
  ] as const;
  const seen: number[][] = [];
  const together = await model.encodeChunks(frames, NONE, spans, { onProgress: (done, total) => seen.push([done, total]) });
  assert.is(together.rows, 3);
  assert.equal(seen.at(-1), [3, 3]);
  const [whole, cut] = [await model.encodeChunks([frames[0]!], NONE), await model.encodeChunks([frames[1]!], NONE, [spans[1]])];
  [...whole.data, ...cut.data].forEach((value, i) => {
    assert.ok(Math.abs(value - together.data[i]!) < 1e-5);
  });
  const all = await model.encodeChunks(frames, NONE, [undefined, undefined, undefined]);
  assert.equal(all, await model.encodeChunks(frames, NONE));
});

test('a passage that is all of its chunk is the chunk', async () => {
  const frames = texts.slice(0, 50).map((text) => createCompressor({ level: 19 }).compress(text));
  const spans = frames.map((): ByteSpan[] => [{ start: 0, end: CHUNK_BYTES }]);
  assert.equal(await model.encodeChunks(frames, trained, spans), await model.encodeChunks(frames, trained));
});

test('what is behind maximumSymbols is counted, of whole chunks as of passages', async () => {
  const short = tinyModel(tinyConfig({ maximumSymbols: 8 }), DIMENSION);
  // Literals alone: 20 symbols, 12 too many; of passages of 5 and 15 bytes the second has 7 too many.
  const frame = frameOf('abcdefghijklmnopqrst');
  assert.equal((await short.encodeChunks([frame, frameOf('short')], NONE)).unread, { passages: 1, symbols: 12, bytes: 12 });
  const spans = [
    { start: 0, end: 5 },
    { start: 5, end: 20 },
  ];
  assert.equal((await short.encodeChunks([frame, frame], NONE, [spans, undefined])).unread, {
    passages: 2,
    symbols: 19,
    bytes: 19,
  });
  assert.is((await short.encodeChunks([frame], NONE, [[{ start: 12, end: 20 }]])).unread, undefined);
  short.dispose();
});

test('frame patching begins passages with a patch, static patching counts from them', async () => {
  const framed = tinyModel(tinyConfig({ patching: { kind: 'frame', maximumLength: 4 } }), DIMENSION);
  const [first, second] = framed.encodePassages(frameOf('abcdefghijklmnopqrst'), framed.prepareDictionary(NONE), [
    { start: 0, end: 6 },
    { start: 6, end: 20 },
  ]);
  assert.equal(
    [[...first!.patchStarts!], [...second!.patchStarts!]],
    [
      [0, 4],
      [0, 4, 8, 12],
    ],
  );
  framed.dispose();
});

test('encoding passages leaves no tensors', async () => {
  const frames = texts.slice(0, 4).map((text) => createCompressor({ level: 3 }).compress(text));
  const spans = frames.map((): ByteSpan[] => [
    { start: 0, end: 500 },
    { start: 400, end: CHUNK_BYTES },
  ]);
  await model.encodeChunks(frames, NONE, spans);
  const before = tf.memory().numTensors;
  for (let turn = 0; turn < 3; turn++) await model.encodeChunks(frames, NONE, spans);
  assert.is(tf.memory().numTensors, before);
});

test('a model of frames reads no passages of bytes, a model of texts no frames: what to do is said', async () => {
  for (const [input, code] of [
    ['bytes', 'PASSAGES_OF_BYTES'],
    ['text', 'TEXT_MODEL_READS_NO_FRAMES'],
  ] as const) {
    const other = tinyModel(tinyConfig({ input }), DIMENSION);
    const error: unknown = await other
      .encodeChunks([frameOf('some text')], NONE, [[{ start: 0, end: 4 }]])
      .catch((e: unknown) => e);
    assert.instance(error, CemError);
    assert.is((error as CemError).code, code);
    other.dispose();
  }
});

test.run();
