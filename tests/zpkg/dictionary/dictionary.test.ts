import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Decompressor } from 'zstd-napi';
import { FormatError, UsageError } from '../../../base/errors.ts';
import { createCompressor } from '../../../zpkg/container/codec.ts';
import { trainDictionary } from '../../../zpkg/dictionary/dictionary-training.ts';
import { DICTIONARY_MAGIC, readDictionary } from '../../../zpkg/frame/dictionary.ts';
import { parseFrame } from '../../../zpkg/frame/frame.ts';
import { chinese, english, expand, noise, random } from '../frame-samples.ts';

const test = suite('zpkg/dictionary');

const samples = Array.from({ length: 400 }, (_, i) => english(800, 1000 + i));
const trained = trainDictionary(samples, { size: 4096, level: 19 });

function total(documents: readonly Uint8Array[], level: number, dictionary: Uint8Array): number {
  const compressor = createCompressor({ level, dictionary });
  return documents.reduce((sum, document) => sum + compressor.compress(document).length, 0);
}

test('raw content is everything that does not start with the magic number', () => {
  for (const bytes of [new Uint8Array(0), Uint8Array.of(1), Uint8Array.of(0x37, 0xa4, 0x30, 0xec), english(100)]) {
    const dictionary = readDictionary(bytes);
    assert.is(dictionary.content, bytes);
    assert.is(dictionary.id, 0);
    assert.is(dictionary.entropy, undefined);
  }
});

test('a trained dictionary is formatted, within its size, and the same for the same samples and seed', () => {
  const dictionary = readDictionary(trained);
  assert.is(Buffer.from(trained).readUInt32LE(), DICTIONARY_MAGIC);
  assert.ok(dictionary.id >= 32768 && dictionary.id < 2 ** 31);
  assert.ok(trained.length <= 4096);
  assert.equal(dictionary.entropy?.repeatOffsets, [1, 4, 8]);
  const again = trainDictionary(samples, { size: 4096, level: 19, seed: 0 });
  assert.ok(Buffer.compare(trained, again) === 0);
});

test('a damaged header is refused, whichever prefix is left, whichever bit is flipped', () => {
  const header = trained.length - readDictionary(trained).content.length;
  for (let length = 8; length < header + 8; length++) {
    assert.throws(
      () => readDictionary(trained.subarray(0, length)),
      (error: unknown) => error instanceof FormatError && error.code === 'DICTIONARY_INVALID',
    );
  }
  const next = random(4);
  for (let round = 0; round < 2000; round++) {
    const damaged = Uint8Array.from(trained);
    const at = 8 + Math.floor(next() * (header - 8));
    damaged[at] = damaged[at]! ^ (1 << Math.floor(next() * 8));
    try {
      readDictionary(damaged);
    } catch (error) {
      assert.instance(error, FormatError, String(error));
    }
  }
});

test('zstd-napi reads and writes with it, at every kind of level, documents unlike the samples too', () => {
  const decompressor = new Decompressor();
  decompressor.loadDictionary(trained);
  const dictionary = readDictionary(trained);
  for (const level of [-5, 1, 3, 9, 19]) {
    const compressor = createCompressor({ level, dictionary: trained });
    for (const data of [english(900, 5), chinese(900, 5), noise(900), new Uint8Array(0), english(300_000, 6)]) {
      const frame = compressor.compress(data);
      assert.ok(Buffer.compare(decompressor.decompress(frame), data) === 0);
      assert.ok(Buffer.compare(expand(parseFrame(frame, dictionary), dictionary.content), data) === 0);
    }
  }
});

test('tables are worth more than the content they displace', () => {
  const fresh = Array.from({ length: 200 }, (_, i) => english(800, 5000 + i));
  const content = trainDictionary(samples.slice(0, 4), { size: 4096, level: 19 });
  assert.ok(total(fresh, 19, trained) < 0.97 * total(fresh, 19, Uint8Array.from(readDictionary(trained).content)));
  assert.ok(total(fresh, 19, trained) < total(fresh, 19, content));
});

test('few samples give raw content, samples that share nothing give none', () => {
  const few = trainDictionary(samples.slice(0, 3), { size: 4096, level: 3 });
  assert.ok(few.length > 0 && readDictionary(few).entropy === undefined);
  assert.is(trainDictionary([], { size: 4096, level: 3 }).length, 0);
  assert.is(trainDictionary([english(1000)], { size: 4096, level: 3 }).length, 0);
  assert.is(trainDictionary([noise(5000, 1), noise(5000, 2)], { size: 4096, level: 3 }).length, 0);
  assert.is(trainDictionary([new Uint8Array(0), Uint8Array.of(1), Uint8Array.of(1, 2, 3)], { size: 4096, level: 3 }).length, 0);
});

test('samples that are all the same give a dictionary with them in it', () => {
  const text = english(700, 9);
  const dictionary = trainDictionary(new Array<Uint8Array>(600).fill(text), { size: 8192, level: 9 });
  assert.ok(total([text], 9, dictionary) < 100);
});

test('a size that is no size is refused', () => {
  for (const size of [0, 255, 1.5, Number.NaN, 2 ** 30]) {
    assert.throws(
      () => trainDictionary(samples, { size, level: 3 }),
      (error: unknown) => error instanceof UsageError && error.code === 'DICTIONARY_SIZE',
    );
  }
});

const hasZstd = spawnSync('zstd', ['--version']).status === 0;
const techdocs = fileURLToPath(new URL('../../../../shared/data/techdocs-beir/corpus.jsonl', import.meta.url));

if (!hasZstd) {
  console.log('skipped: the zstd program and our dictionaries (no zstd on the path)');
} else {
  test('the zstd program decompresses what was compressed with it, and the other way round', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cem-dictionary-'));
    try {
      const data = english(3000, 77);
      const dictionaryPath = join(folder, 'dictionary');
      const framePath = join(folder, 'frame.zst');
      writeFileSync(dictionaryPath, trained);
      writeFileSync(framePath, createCompressor({ level: 19, dictionary: trained }).compress(data));
      assert.ok(Buffer.compare(execFileSync('zstd', ['-q', '-d', '-c', '-D', dictionaryPath, framePath]), data) === 0);
      const frame = execFileSync('zstd', ['-q', '-19', '-c', '-D', dictionaryPath], { input: data });
      const dictionary = readDictionary(trained);
      assert.ok(Buffer.compare(expand(parseFrame(frame, dictionary), dictionary.content), data) === 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

if (!hasZstd || !existsSync(techdocs)) {
  console.log(
    'skipped: our dictionary against zstd --train on techdocs-beir (no zstd on the path or no data beside the checkout)',
  );
} else {
  test('on 2,500 real documents total size is within 2% of zstd --train, and far under random documents', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cem-dictionary-'));
    try {
      const documents = readFileSync(techdocs, 'utf8')
        .split('\n')
        .slice(0, 3000)
        .map((line) => {
          const { title, text } = JSON.parse(line) as { title: string; text: string };
          return Buffer.from(`${title} ${text}`.trim());
        });
      const sample = documents.slice(0, 2500);
      const fresh = documents.slice(2500);
      sample.forEach((document, i) => {
        writeFileSync(join(folder, `${i}.txt`), document);
      });
      const theirsPath = join(folder, 'theirs');
      execFileSync('zstd', ['-q', '--train', '-r', folder, '--maxdict=65536', '-o', theirsPath]);
      const theirs = readFileSync(theirsPath);
      assert.ok(readDictionary(theirs).entropy !== undefined);
      const ours = trainDictionary(sample, { size: 65536, level: 19 });
      const random = Buffer.concat(sample).subarray(0, 65536);
      const [ourTotal, theirTotal, randomTotal] = [ours, theirs, random].map((dictionary) => total(fresh, 19, dictionary)) as [
        number,
        number,
        number,
      ];
      assert.ok(ourTotal <= 1.02 * theirTotal, `ours ${ourTotal}, zstd --train ${theirTotal}`);
      assert.ok(ourTotal <= 0.9 * randomTotal, `ours ${ourTotal}, random documents ${randomTotal}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test.run();
