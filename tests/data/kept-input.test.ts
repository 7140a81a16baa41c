import { access, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keepInput, readCorpus } from '../../data/index.ts';
import { createCompressor } from '../../zpkg/index.ts';
import { collect, errorOf } from './temporary-folder.ts';

const test = suite('kept input');

const JSONL = Buffer.from('{"_id": "a", "text": "first"}\n{"_id": "b", "text": "second"}\n');

test('plain, gzip and zstd streams are read as often as wanted, then gone', async () => {
  for (const bytes of [JSONL, gzipSync(JSONL), createCompressor({ level: 3 }).compress(JSONL)]) {
    // In pieces of one byte: the compression is known by more than one of them.
    const kept = await keepInput(Readable.from(Array.from(bytes, (byte) => Buffer.of(byte))));
    for (let pass = 0; pass < 2; pass++) {
      const documents = await collect(readCorpus(kept.path));
      assert.equal(
        documents.map(({ id, text }) => [id, text]),
        [
          ['a', 'first'],
          ['b', 'second'],
        ],
      );
    }
    await kept.remove();
    await access(kept.path).then(
      () => assert.unreachable(),
      () => undefined,
    );
  }
});

test('an empty stream has no documents', async () => {
  const kept = await keepInput(Readable.from([]));
  assert.equal(await collect(readCorpus(kept.path)), []);
  await kept.remove();
});

test('a stream that breaks leaves nothing', async () => {
  const left = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('cem-input-'));
  const before = await left();
  const broken = Readable.from(
    (async function* () {
      yield JSONL;
      throw new Error('the pipe broke');
    })(),
  );
  const error = await errorOf(() => keepInput(broken));
  assert.is(error.code, 'INPUT_KEEP');
  assert.match(error.message, /the pipe broke/);
  assert.equal(await left(), before);
});

test.run();
