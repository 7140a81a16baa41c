import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addToCorpus, compactCorpus, DocumentReader, openCorpus, packCorpus } from '../../../data/index.ts';
import { withTemporaryFolder, writeJsonl } from '../../fixtures/temporary-folder.ts';

const test = suite('a disk without room');

/** `ulimit -f` counts blocks of 1024 bytes in bash. */
const BLOCK = 1024;

/** Makes a change in a process that cannot write a file of more than so many blocks: the write that passes the limit is cut short, the next one fails. */
function changeWithin(blocks: number, words: readonly string[], options: { input?: string; temporary?: string } = {}): string {
  // The limit's signal would end the process; ignored, the write fails with EFBIG. The cache of tsx would be written under the limit, too.
  const command = `trap '' XFSZ; ulimit -f ${blocks}; exec "$@"`;
  const program = [
    process.execPath,
    '--import',
    'tsx',
    fileURLToPath(new URL('./change-and-report.ts', import.meta.url)),
    ...words,
  ];
  const env = { ...process.env, TSX_DISABLE_CACHE: '1', ...(options.temporary !== undefined && { TMPDIR: options.temporary }) };
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command, 'bash', ...program], {
    encoding: 'utf8',
    input: options.input ?? '',
    env,
  });
  assert.is(status, 0, stderr);
  return stdout;
}

/** Texts that compress to about half their size: `count` times 700 bytes. */
function rows(count: number, seed: number): { _id: string; text: string }[] {
  let state = seed;
  const word = (): string => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state.toString(36);
  };
  return Array.from({ length: count }, (_, number) => ({ _id: `d${number}`, text: Array.from({ length: 100 }, word).join(' ') }));
}

async function* documents(count: number, seed: number) {
  for (const { _id, text } of rows(count, seed)) yield { id: _id, title: '', text };
}

async function contentOf(path: string): Promise<string[]> {
  const corpus = await openCorpus(path);
  try {
    return await Promise.all([...corpus.ids()].map(async (id) => `${id} ${await corpus.documentById(id)}`));
  } finally {
    await corpus.close();
  }
}

test('pack fails in words, leaves nothing, and what stood there before stays', async () => {
  await withTemporaryFolder(async (folder) => {
    const input = await writeJsonl(join(folder, 'big.jsonl'), rows(2000, 1));
    const output = join(folder, 'out', 'corpus.zpkg');
    await mkdir(join(folder, 'out'));
    for (const before of [false, true]) {
      if (before) await packCorpus(() => documents(20, 2), output, { level: 1 });
      const names = await readdir(join(folder, 'out'));
      const content = before ? await readFile(output) : undefined;
      assert.match(changeWithin(200, ['pack', output, input]), /^FILE_WRITE: writing .*corpus\.zpkg failed: EFBIG/);
      assert.equal(await readdir(join(folder, 'out')), names);
      if (before) {
        assert.equal(await readFile(output), content);
        await (await DocumentReader.open(output)).close();
      }
    }
  });
});

test('metadata that does not fit leaves nothing of it, and what stood there before stays', async () => {
  await withTemporaryFolder(async (folder) => {
    // 1000 texts of two bytes, whose frames and places take about 25 kB, and 700 kB of what is known of them.
    const known = rows(1000, 4).map(({ _id, text }) => ({ _id, text: 'ab', noise: text }));
    const input = await writeJsonl(join(folder, 'known.jsonl'), known);
    const output = join(folder, 'out', 'corpus.zpkg');
    await mkdir(join(folder, 'out'));
    for (const before of [false, true]) {
      if (before)
        await packCorpus(
          async function* () {
            yield { id: 'a', title: 'Title', text: 'text' };
          },
          output,
          { level: 1 },
        );
      const names = await readdir(join(folder, 'out'));
      assert.match(changeWithin(100, ['pack', output, input]), /^FILE_WRITE: writing .*corpus\.zpkg\.meta\.next failed: EFBIG/);
      assert.equal(await readdir(join(folder, 'out')), names);
      if (!before) continue;
      const reader = await DocumentReader.open(output);
      assert.equal(await reader.documentMetadata('a'), { title: 'Title' });
      await reader.close();
    }
  });
});

test('add and compact leave the corpus as it was', async () => {
  await withTemporaryFolder(async (folder) => {
    const corpus = join(folder, 'corpus');
    for (let part = 0; part < 3; part++) {
      const source = async function* () {
        for await (const document of documents(150, part + 1)) yield { ...document, id: `${part}-${document.id}` };
      };
      await addToCorpus(corpus, source, { level: 1, dictionarySize: 0 });
    }
    const names = await readdir(corpus);
    const content = await contentOf(corpus);
    const input = await writeJsonl(join(folder, 'big.jsonl'), rows(2000, 9));
    // One segment takes about 60 kB, the three together pass 120.
    for (const words of [
      ['add', corpus, input],
      ['compact', corpus],
    ]) {
      assert.match(changeWithin(120, words), /^FILE_WRITE: /);
      assert.equal(await readdir(corpus), names);
      assert.equal(await contentOf(corpus), content);
    }
    await compactCorpus(corpus);
    assert.equal((await contentOf(corpus)).sort(), content.sort());
  });
});

test('standard input that cannot be kept is said, and goes', async () => {
  await withTemporaryFolder(async (folder) => {
    const temporary = join(folder, 'temporary');
    await mkdir(temporary);
    const text = rows(2000, 3)
      .map((row) => `${JSON.stringify(row)}\n`)
      .join('');
    assert.ok(text.length > 200 * BLOCK);
    assert.match(changeWithin(200, ['keep'], { input: text, temporary }), /^INPUT_KEEP: .*EFBIG/);
    assert.equal(await readdir(temporary), []);
  });
});

test.run();
