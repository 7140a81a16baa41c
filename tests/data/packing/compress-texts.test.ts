import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/index.ts';
import { type Document, packCorpus } from '../../../data/index.ts';
import { mappingPathOf } from '../../../data/mapping/mapping.ts';
import { compressTexts } from '../../../data/packing/compress-texts.ts';
import {
  type CompressedPart,
  type CompressionSettings,
  joinParts,
  splitParts,
} from '../../../data/packing/compression-messages.ts';
import { CompressionThreads } from '../../../data/packing/compression-threads.ts';
import { collect, errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { english, sourceCode } from '../../zpkg/frame-samples.ts';

const test = suite('compressing in threads');

const SETTINGS: CompressionSettings = {
  level: 3,
  dictionary: english(3000, 1),
  plainLiterals: false,
  targetChunkSize: 300,
  passages: { size: 128, overlap: 20 },
};

const text = (length: number, seed: number): string => Buffer.from(english(length, seed)).toString();

/** Long and short ones in turns, so that batches take different times; an empty one, and one that is cut into many parts. */
const TEXTS = [
  '',
  Buffer.from(sourceCode()).toString(),
  'a lone \ud800 surrogate, 中文, 😀',
  ...Array.from({ length: 1500 }, (_, number) => text(number % 200 === 0 ? 40_000 : 1 + (number % 700), number)),
];

async function* source(count = TEXTS.length): AsyncGenerator<string> {
  for (const one of TEXTS.slice(0, count)) yield one;
}

test('the frames and their order do not depend on the number of threads', async () => {
  const alone = await collect(compressTexts(source(), SETTINGS, 1));
  assert.is(alone.length, TEXTS.length);
  assert.is(alone[0]!.length, 1);
  assert.ok(alone[1]!.length > 5);
  assert.ok(alone.flat().filter(({ passages }) => passages.length > 1).length > 1000);
  for (const threads of [2, 3]) assert.equal(await collect(compressTexts(source(), SETTINGS, threads)), alone, `${threads}`);
});

test('parts travel joined', () => {
  const part = (bytes: readonly number[], ...edges: readonly (readonly [number, number])[]): CompressedPart => ({
    frame: Uint8Array.from(bytes),
    passages: edges.map(([start, end]) => ({ start, end })),
  });
  const texts = [[part([1, 2], [0, 70], [65, 140]), part([3])], [], [part([]), part([4], [0, 1], [1, 2], [2, 9])]];
  assert.equal(splitParts(joinParts(texts)), texts);
  assert.equal(splitParts(joinParts([])), []);
});

test('reading ahead is bounded: two batches a thread', async () => {
  let read = 0;
  async function* endless(): AsyncGenerator<string> {
    for (;;) {
      read += 1;
      yield 'x'.repeat(300_000);
    }
  }
  let taken = 0;
  for await (const frames of compressTexts(endless(), SETTINGS, 2)) {
    assert.ok(frames.length > 0);
    taken += 1;
    // A text of over 256 Ki characters is a batch.
    assert.ok(read - taken <= 2 * 2, `${read} read, ${taken} taken`);
    if (taken === 12) break;
  }
});

test('errors of the source and of the settings come out as they are', async () => {
  async function* breaking(): AsyncGenerator<string> {
    yield* source(1200);
    throw new CemError('TEST_SOURCE', 'the source broke');
  }
  for (const threads of [1, 2]) {
    assert.is((await errorOf(() => collect(compressTexts(breaking(), SETTINGS, threads)))).code, 'TEST_SOURCE');
    const dictionary = Buffer.from('37a430ec000102030405060708090a0b', 'hex');
    assert.is(
      (await errorOf(() => collect(compressTexts(source(), { ...SETTINGS, dictionary }, threads)))).code,
      'CODEC_DICTIONARY',
    );
  }
});

test('with threads that are ready each takes a part, and the frames are in order', async () => {
  const alone = await collect(compressTexts(source(), SETTINGS, 1));
  const others = new CompressionThreads(2, SETTINGS);
  others.start();
  while (!others.hasRoom) await setTimeout(20);
  let lists = 0;
  const compress = others.compress.bind(others);
  others.compress = (texts) => {
    lists += 1;
    return compress(texts);
  };
  assert.equal(await collect(compressTexts(source(), SETTINGS, 3, others)), alone);
  assert.ok(lists > 0);
});

test('a thread that dies is an error of ours, for what waits and for what comes', async () => {
  // A target below the smallest breaks an invariant of the splitter, inside the thread.
  const threads = new CompressionThreads(1, { ...SETTINGS, targetChunkSize: 1 });
  threads.start();
  const both = [threads.compress(['a']), threads.compress(['b'])];
  for (const one of both) assert.is((await errorOf(() => one)).code, 'PACK_THREAD');
  assert.is((await errorOf(() => threads.compress(['c']))).code, 'PACK_THREAD');
  await threads.close();
});

test('packing in threads gives the files that one thread gives', async () => {
  const documents = async function* (): AsyncGenerator<Document> {
    for (const [number, one] of TEXTS.entries()) yield { id: `d${number}`, title: '', text: one };
  };
  await withTemporaryFolder(async (folder) => {
    const paths = [1, 2].map((workers) => join(folder, `${workers}.zpkg`));
    for (const [number, path] of paths.entries())
      await packCorpus(documents, path, { level: 3, workers: number + 1, dictionarySize: 8192 });
    assert.equal(await readFile(paths[1]!), await readFile(paths[0]!));
    assert.equal(await readFile(mappingPathOf(paths[1]!)), await readFile(mappingPathOf(paths[0]!)));
    for (const workers of [0, 1.5, Number.NaN])
      assert.is((await errorOf(() => packCorpus(documents, join(folder, 'no.zpkg'), { workers }))).code, 'PACK_OPTION');
  });
});

test.run();
