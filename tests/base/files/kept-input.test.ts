import { access, mkdir, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryName } from '../../../base/files/temporary-name.ts';
import { keepInput, removeKeptInputs } from '../../../base/index.ts';
import { readCorpus } from '../../../data/index.ts';
import { createCompressor } from '../../../zpkg/index.ts';
import { collect, errorOf } from '../../fixtures/temporary-folder.ts';

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
  const left = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('cem-input.'));
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

test('what is kept goes at once when a signal ends the process, and with the next input when it was killed', async () => {
  const folders = async () => (await readdir(tmpdir())).filter((name) => name.startsWith(`cem-input.${process.pid}.`));
  const kept = await keepInput(Readable.from([JSONL]));
  assert.is((await folders()).length, 1);
  removeKeptInputs();
  assert.equal(await folders(), []);
  await kept.remove();
  const dead = temporaryName('cem-input').replace(`.${process.pid}.`, `.${2 ** 22 + 1}.`);
  await mkdir(join(tmpdir(), dead));
  await (await keepInput(Readable.from([JSONL]))).remove();
  assert.not((await readdir(tmpdir())).includes(dead));
});

test.run();
