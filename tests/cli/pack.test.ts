import { spawnSync } from 'node:child_process';
import { mkdir, open, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../../base/index.ts';
import { catCommand } from '../../cli/commands/cat.ts';
import { inspectCommand } from '../../cli/commands/inspect.ts';
import { packCommand } from '../../cli/commands/pack.ts';
import { verifyCommand } from '../../cli/commands/verify.ts';
import type { SystemStorage } from '../../eval/storage/index.ts';
import { errorOf, withTemporaryFolder, writeJsonl } from '../fixtures/temporary-folder.ts';
import { runCommand } from './run-command.ts';

const test = suite('cem pack, inspect, cat, verify');

const ROWS = Array.from({ length: 40 }, (_, number) => ({
  _id: `doc-${number}`,
  title: `Title ${number}`,
  text: Array.from(
    { length: 1 + number },
    (_, line) => `Line ${line} of document ${number} holds ${(line * number * 7919) % 10007}.`,
  ).join(' '),
}));

async function packed(
  folder: string,
  ...words: string[]
): Promise<{ input: string; output: string; manifest: Record<string, unknown> }> {
  return packedRows(folder, ROWS, ...words);
}

async function packedRows(
  folder: string,
  rows: readonly Record<string, unknown>[],
  ...words: string[]
): Promise<{ input: string; output: string; manifest: Record<string, unknown> }> {
  const input = await writeJsonl(join(folder, 'corpus.jsonl'), rows);
  const output = join(folder, 'corpus.zpkg');
  const printed = await runCommand(packCommand, ['pack', input, output, '--json', '--level', '3', ...words]);
  return { input, output, manifest: JSON.parse(printed) as Record<string, unknown> };
}

test('pack, then inspect, cat and verify agree, as JSON and as text', async () => {
  await withTemporaryFolder(async (folder) => {
    const { output, manifest } = await packed(folder, '--target-chunk-size', '200', '--dictionary-size', '0');
    assert.is(manifest['documents'], 40);
    assert.is(manifest['dictionary_bytes'], 0);
    assert.is(manifest['container_bytes'], (await stat(output)).size);

    const inspected = JSON.parse(await runCommand(inspectCommand, ['inspect', output, '--json'])) as Record<string, unknown>;
    assert.is(inspected['documents'], 40);
    assert.is(inspected['chunks'], manifest['chunks']);
    assert.is(inspected['saving'], manifest['saving']);
    assert.is(inspected['content_bytes'], manifest['text_bytes']);
    assert.ok((inspected['largest'] as number) <= 200);
    const shown = await runCommand(inspectCommand, ['inspect', output]);
    assert.match(shown, /40 documents/);
    const system = inspected['system'] as SystemStorage;
    assert.equal([system.rows, system.dimension], [manifest['chunks'], 384]);
    const files = ['', '.map', '.meta'].map(async (ending) => (await stat(`${output}${ending}`)).size);
    const stored = (await Promise.all(files)).reduce((sum, size) => sum + size, 0);
    assert.is(system.without_vectors, stored);
    assert.is(system.precisions.half.all, stored + (manifest['chunks'] as number) * 2 * 384);
    assert.match(shown, `all with half vectors `);
    const longer = JSON.parse(await runCommand(inspectCommand, ['inspect', output, '--json', '--dimension', '1024']));
    assert.is(longer.system.precisions.single.vectors, (manifest['chunks'] as number) * 4096);
    assert.is(
      (await errorOf(() => runCommand(inspectCommand, ['inspect', output, '--dimension', '0']))).code,
      'INSPECT_DIMENSION',
    );
    assert.match(shown, /saving {2,}\d+\.\d%/);

    const text = `${ROWS[39]!.title} ${ROWS[39]!.text}`.trim();
    assert.is(await runCommand(catCommand, ['cat', output, '--id', 'doc-39']), `${text}\n`);
    const whole = JSON.parse(await runCommand(catCommand, ['cat', output, '--id', 'doc-39', '--json'])) as {
      chunks: number[];
      text: string;
    };
    assert.ok(whole.chunks.length > 1);
    let joined = '';
    for (const chunk of whole.chunks) {
      joined += (
        JSON.parse(await runCommand(catCommand, ['cat', output, '--chunk', String(chunk), '--json'])) as { text: string }
      ).text;
    }
    assert.is(joined, text);

    const verified = JSON.parse(await runCommand(verifyCommand, ['verify', output, '--json'])) as Record<string, unknown>;
    assert.is(verified['chunks'], manifest['chunks']);
    assert.is(verified['content_bytes'], manifest['text_bytes']);
    assert.match(await runCommand(verifyCommand, ['verify', output]), /is whole: 40 documents/);
  });
});

/** Texts of up to 4,100 bytes. */
const LONG_ROWS = ROWS.map((row) => ({ ...row, text: [row.text, row.text, row.text].join('\n\n') }));

test('passages: about 1,024 bytes unless another size is given, none for 0; counted by pack, inspect, verify', async () => {
  await withTemporaryFolder(async (folder) => {
    const inspect = async (output: string) =>
      JSON.parse(await runCommand(inspectCommand, ['inspect', output, '--json'])) as {
        passages: number;
        passage_bytes: number;
        passage_sizes: Record<'smallest' | 'median' | 'largest', number>;
      };
    const first = await packedRows(folder, LONG_ROWS);
    const { passages: count, passage_bytes, passage_sizes } = await inspect(first.output);
    assert.equal([count, passage_bytes], [first.manifest['passages'], first.manifest['passage_bytes']]);
    const { smallest, largest } = passage_sizes;
    // The longest documents have about 4,100 bytes and became four passages each.
    assert.ok(count > 80 && smallest < 100 && largest > 512 && largest <= 1536, JSON.stringify({ count, smallest, largest }));
    assert.match(
      await runCommand(inspectCommand, ['inspect', first.output]),
      /passages {3}\d+ B\n[\s\S]*passages: \d+, smallest \d+, median/,
    );
    assert.match(await runCommand(verifyCommand, ['verify', first.output]), new RegExp(` 40 chunks, ${count} passages, `));

    const shown = await runCommand(packCommand, [
      'pack',
      first.input,
      first.output,
      '--passage-size',
      '200',
      '--passage-overlap',
      '50',
      '--force',
    ]);
    const small = await inspect(first.output);
    assert.ok(small.passages > 3 * count && small.passage_sizes.largest <= 350, JSON.stringify(small));
    assert.match(shown, new RegExp(`metadata .*, of which \\d+ B are the borders of ${small.passages} passages`));

    const none = await packedRows(folder, LONG_ROWS, '--force', '--passage-size', '0', '--no-metadata');
    assert.equal([none.manifest['passages'], none.manifest['passage_bytes'], none.manifest['metadata_bytes']], [40, 0, 0]);
    assert.is((await inspect(none.output)).passage_bytes, 0);
    assert.not.match(await runCommand(inspectCommand, ['inspect', none.output]), /passages/);
    const error = await errorOf(() => packedRows(folder, LONG_ROWS, '--force', '--passage-overlap', '512'));
    assert.ok(error instanceof UsageError && error.code === 'PACK_OPTION');
  });
});

test('a folder of files', async () => {
  await withTemporaryFolder(async (folder) => {
    await mkdir(join(folder, 'docs', 'guide'), { recursive: true });
    await writeFile(join(folder, 'docs', 'guide', 'install.md'), '# Install\n\nRun it.\n');
    await writeFile(join(folder, 'docs', 'index.html'), '<h1>Start</h1><p>here &amp; now');
    const output = join(folder, 'docs.zpkg');
    await runCommand(packCommand, ['pack', join(folder, 'docs'), output]);
    assert.is(await runCommand(catCommand, ['cat', output, '--id', 'guide/install.md']), '# Install\n\nRun it.\n');
    assert.is(await runCommand(catCommand, ['cat', output, '--id', 'index.html']), 'Start\n\nhere & now\n');
    const { metadata } = JSON.parse(await runCommand(catCommand, ['cat', output, '--id', 'guide/install.md', '--json'])) as {
      metadata: unknown;
    };
    assert.equal(metadata, { source: 'guide/install.md', title: 'Install' });
    const { metadata_bytes: metadataBytes } = JSON.parse(await runCommand(inspectCommand, ['inspect', output, '--json'])) as {
      metadata_bytes: number;
    };
    assert.is(metadataBytes, (await stat(`${output}.meta`)).size);
    assert.match(await runCommand(inspectCommand, ['inspect', output]), /\n {2}metadata {4}\d+ B\n/);
  });
});

test('an existing container is replaced with --force only', async () => {
  await withTemporaryFolder(async (folder) => {
    const { input, output } = await packed(folder);
    const before = await readFile(output);
    assert.is((await errorOf(() => runCommand(packCommand, ['pack', input, output, '--level', '1']))).code, 'PACK_OUTPUT_EXISTS');
    assert.equal(await readFile(output), before);
    await runCommand(packCommand, ['pack', input, output, '--level', '1', '--force']);
    assert.not.equal(await readFile(output), before);
  });
});

test('verify names the damaged chunk; an inspect without mapping still works', async () => {
  await withTemporaryFolder(async (folder) => {
    const { output, manifest } = await packed(folder);
    const handle = await open(output, 'r+');
    await handle.write(Buffer.from([0xff, 0xff]), 0, 2, 32 + (manifest['dictionary_bytes'] as number) + 6);
    await handle.close();
    const error = await errorOf(() => runCommand(verifyCommand, ['verify', output]));
    assert.is(error.code, 'VERIFY_FAILED');
    assert.match(error.message, /1 of 40 chunks/);
    assert.match(error.message, /chunk 0 /);
    const alone = join(folder, 'alone.zpkg');
    await writeFile(alone, await readFile(join(import.meta.dirname, '..', 'golden', 'zpkg', 'v1-raw.zpkg')));
    assert.is(
      (JSON.parse(await runCommand(inspectCommand, ['inspect', alone, '--json'])) as { documents: unknown }).documents,
      null,
    );
    assert.is((await errorOf(() => runCommand(verifyCommand, ['verify', alone]))).code, 'FILE_OPEN');
  });
});

test('bad input: one clear line, and whether it is bad usage (exit 2) or a failure (exit 1)', async () => {
  await withTemporaryFolder(async (folder) => {
    const { input, output } = await packed(folder);
    const other = join(folder, 'other.zpkg');
    const notJson = join(folder, 'not.jsonl');
    await writeFile(notJson, '{"_id": "1", "text": "x"}\nhello\n');
    const empty = join(folder, 'empty.jsonl');
    await writeFile(empty, '\n');
    const cut = join(folder, 'cut.zpkg');
    await writeFile(cut, (await readFile(output)).subarray(0, 500));
    for (const [run, code, usage] of [
      [() => runCommand(packCommand, ['pack', join(folder, 'absent'), other]), 'FILE_OPEN', false],
      [() => runCommand(packCommand, ['pack', notJson, other]), 'DATA_JSON', false],
      [() => runCommand(packCommand, ['pack', empty, other]), 'PACK_EMPTY_CORPUS', false],
      [() => runCommand(packCommand, ['pack', input, join(folder, 'no', 'folder.zpkg')]), 'FILE_CREATE', false],
      [() => runCommand(packCommand, ['pack', input, other, '--level', '23']), 'CODEC_LEVEL', true],
      [() => runCommand(packCommand, ['pack', input, other, '--level', 'high']), 'CODEC_LEVEL', true],
      [() => runCommand(packCommand, ['pack', input, other, '--target-chunk-size', '1']), 'PACK_OPTION', true],
      [() => runCommand(packCommand, ['pack', input, other, '--dictionary-size', '1.5']), 'PACK_OPTION', true],
      [() => runCommand(inspectCommand, ['inspect', cut]), 'ZPKG_TRUNCATED', false],
      [() => runCommand(inspectCommand, ['inspect', input]), 'ZPKG_MAGIC', false],
      [() => runCommand(catCommand, ['cat', output]), 'USAGE', true],
      [() => runCommand(catCommand, ['cat', output, '--id', 'doc-1', '--chunk', '1']), 'USAGE', true],
      [() => runCommand(catCommand, ['cat', output, '--id', 'doc-40']), 'MAPPING_UNKNOWN_ID', false],
      [() => runCommand(catCommand, ['cat', output, '--chunk', '40']), 'ZPKG_CHUNK_RANGE', false],
    ] as const) {
      const error = await errorOf(run);
      assert.is(error.code, code);
      assert.is(error instanceof UsageError, usage, code);
      assert.not.match(error.message, /\n/);
    }
    assert.not.ok(await stat(other).catch(() => undefined), 'nothing was written');
  });
});

test('exit codes of the program itself', async () => {
  await withTemporaryFolder(async (folder) => {
    const { output } = await packed(folder);
    const main = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');
    for (const [words, exit, code] of [
      [['verify', output], 0, 'is whole'],
      [['verify', join(folder, 'absent.zpkg')], 1, '[FILE_OPEN]'],
      [['cat', output], 2, '[USAGE]'],
    ] as const) {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', main, ...words], { encoding: 'utf8' });
      assert.is(status, exit, stderr);
      assert.ok(`${stdout}${stderr}`.includes(code), stderr);
      if (exit !== 0)
        assert.is(
          stderr
            .trim()
            .split('\n')
            .filter((line) => line.startsWith('cem: ')).length,
          1,
        );
    }
  });
});

test('F09, F19: pack and add say which documents have no text, and once what a folder was read without', async () => {
  await withTemporaryFolder(async (folder) => {
    const docs = join(folder, 'docs');
    await mkdir(docs);
    await writeFile(join(docs, 'a.txt'), 'some text');
    await writeFile(join(docs, 'blank.md'), ' \n ');
    await writeFile(join(docs, 'empty.md'), '');
    await symlink('a.txt', join(docs, 'link.txt'));
    await symlink('nothing', join(docs, 'nowhere.txt'));
    for (const [command, output] of [
      ['pack', join(folder, 'docs.zpkg')],
      ['add', join(folder, 'docs.corpus')],
    ] as const) {
      const words = command === 'pack' ? [docs, output] : [output, docs];
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ['--import', 'tsx', join(import.meta.dirname, '..', '..', 'cli', 'main.ts'), command, ...words],
        { encoding: 'utf8' },
      );
      assert.is(status, 0, stderr);
      assert.match(stdout, /^2 documents have no text: no search finds them$/m);
      const said = stderr.split('\n').filter((line) => line.startsWith(docs));
      assert.equal(said, [`${docs}: 1 symbolic link followed`, `${docs}: 1 left out: "nowhere.txt" (a link that leads nowhere)`]);
    }
  });
});

test.run();
