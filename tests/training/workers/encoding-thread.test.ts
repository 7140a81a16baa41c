import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { modelConfigSchema } from '../../../model/config.ts';
import { SymbolReader } from '../../../model/symbols/symbol-reader.ts';
import { type CompressedText, encodeHere } from '../../../training/batches/batch-encoding.ts';
import { EncodingThread } from '../../../training/workers/encoding-thread.ts';
import { createCompressor, trainDictionary } from '../../../zpkg/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { passageRows } from '../tiny-run.ts';

const test = suite('encoding thread');

const config = modelConfigSchema.parse({
  maximumSymbols: 256,
  patching: { kind: 'frame', maximumLength: 6 },
  tables: { sizes: [3, 5], rows: 400, hashFunctions: 2 },
  local: { dimension: 16, layers: 1, heads: 2, feedForward: 24, window: 8, crossAttentionHeads: 2 },
  global: { dimension: 24, layers: 1, heads: 2, feedForward: 32 },
});

/** Texts, every other one compressed without a dictionary. */
function compressedTexts(encoder: SymbolReader): CompressedText[] {
  const texts = passageRows(40).map(({ text }) => Buffer.from(text, 'utf8'));
  const dictionaries = [trainDictionary(texts, { size: 4096, level: 3 }), new Uint8Array(0)].map((bytes) => ({
    compressor: createCompressor({ level: 3, dictionary: bytes }),
    dictionary: encoder.prepareDictionary(bytes),
  }));
  return texts.map((text, index) => {
    const { compressor, dictionary } = dictionaries[index % 2]!;
    return { frame: compressor.compress(text), dictionary };
  });
}

/** Lets the thread get ready: it is used from the first batch on that finds it so. */
async function untilRunning(thread: EncodingThread, text: CompressedText): Promise<void> {
  while (!thread.running) {
    await thread.encode([text]);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('batches of the thread are those of this one, to the bit; an error keeps its code; closing ends what is under way', async () => {
  const encoder = new SymbolReader(config);
  const texts = compressedTexts(encoder);
  const thread = new EncodingThread(encoder, 0);
  try {
    await untilRunning(thread, texts[0]!);
    const here = encodeHere(encoder);
    const halves = [texts.slice(0, 17), texts.slice(17)];
    assert.equal(await Promise.all(halves.map(thread.encode)), await Promise.all(halves.map(here)));

    const { frame, dictionary } = texts[3]!;
    const broken = [texts[0]!, { frame: frame.subarray(0, frame.length - 4), dictionary }];
    const [expected, got] = [await errorOf(() => here(broken)), await errorOf(() => thread.encode(broken))];
    assert.equal([got.code, got.message, got.name], [expected.code, expected.message, expected.name]);
    assert.equal(await thread.encode(halves[0]!), await here(halves[0]!), 'it goes on');

    const unfinished = errorOf(() => thread.encode(texts));
    await thread.close();
    assert.is((await unfinished).code, 'TRAINING_THREAD');
    assert.is((await errorOf(() => thread.encode(texts))).code, 'TRAINING_THREAD');
  } finally {
    await thread.close();
  }
});

test('work that is not worth a thread starts none', async () => {
  const encoder = new SymbolReader(config);
  const texts = compressedTexts(encoder);
  const thread = new EncodingThread(encoder, Number.POSITIVE_INFINITY);
  for (let turn = 0; turn < 3; turn++) assert.equal(await thread.encode(texts), await encodeHere(encoder)(texts));
  assert.is(thread.running, false);
  await thread.close();
});

test.run();
