import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { anyBackend } from '../backend.ts';
import { makeRun, type TestRun } from '../checkpoints/fixtures.ts';
import { tinyRun } from '../training/tiny-run.ts';

/*
 * The program as a user meets it: one line on standard error, nothing on standard output, exit 1 or 2. Commands that have tests of their own say the same in
 * tests/cli/pack.test.ts and tests/cli/index-search-serve.long.test.ts (another checkpoint's index), requests over HTTP in tests/rag/server.test.ts.
 */
interface Context {
  folder: string;
  run: TestRun;
}

const test = suite<Context>('bad input');

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

test.before(async (context) => {
  await anyBackend();
  context.folder = await mkdtemp(join(tmpdir(), 'cem-bad-input-'));
  context.run = await makeRun(context.folder);
});
test.after(async ({ folder, run }) => {
  run.model.dispose();
  await rm(folder, { recursive: true });
});

/** Runs `cem` with these words, which it has to refuse in one line. */
async function refused(exit: 1 | 2, code: string, ...words: string[]): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...words, '--backend', 'wasm'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [status] = (await once(child, 'close')) as [number | null];
  assert.is(status, exit, errors);
  assert.is(output, '');
  const lines = errors.trimEnd().split('\n');
  // Before it come what the run has said so far (backend, progress), never a stack.
  assert.is(lines.filter((line) => line.startsWith('cem: ')).length, 1, errors);
  assert.ok(lines.at(-1)!.startsWith('cem: ') && lines.at(-1)!.endsWith(`[${code}]`), errors);
  assert.not.match(errors, /^\s+at /m);
  return lines.at(-1)!;
}

async function trainingConfig(folder: string, source: string, name: string): Promise<string> {
  const path = join(folder, `${name}.yaml`);
  await writeFile(path, stringify({ ...tinyRun(source, 2), name }));
  return path;
}

test('no such file: a configuration, and the documents that it names', async ({ folder }) => {
  const absent = join(folder, 'absent');
  assert.match(await refused(2, 'CONFIG_MISSING', 'train', '--config', absent), 'cannot read the configuration');
  const config = await trainingConfig(folder, absent, 'no-source');
  const run = join(folder, 'no-source');
  assert.match(await refused(1, 'DATA_MISSING', 'train', '--config', config, '--run', run), absent);
  assert.not.ok(existsSync(run));
});

test('a line that is not JSON: its number is said, and no container is left', async ({ folder }) => {
  const source = join(folder, 'not-json.jsonl');
  await writeFile(source, '{"_id": "1", "text": "one"}\nnot JSON\n');
  const run = join(folder, 'not-json');
  const config = await trainingConfig(folder, source, 'not-json');
  assert.match(await refused(1, 'DATA_JSON', 'train', '--config', config, '--run', run), /not-json\.jsonl.*2/);
  assert.not.ok(existsSync(join(run, 'corpus.zpkg')));
});

test('an empty corpus', async ({ folder }) => {
  const source = join(folder, 'empty.jsonl');
  await writeFile(source, '');
  const run = join(folder, 'empty');
  await refused(1, 'PACK_EMPTY_CORPUS', 'train', '--config', await trainingConfig(folder, source, 'empty'), '--run', run);
  assert.not.ok(existsSync(join(run, 'corpus.zpkg')));
});

test('a truncated zpkg: no index is begun', async ({ folder, run }) => {
  const cut = join(folder, 'cut.zpkg');
  const whole = join(run.folder, 'corpus.zpkg');
  await copyFile(whole, cut);
  await copyFile(`${whole}.map`, `${cut}.map`);
  await truncate(cut, (await readFile(whole)).length - 10);
  const index = join(folder, 'index-of-cut');
  await refused(1, 'ZPKG_TRUNCATED', 'index', '--checkpoint', run.folder, '--zpkg', cut, '--index', index);
  assert.not.ok(existsSync(index));
});

test('an unknown configuration key: its whole path is said, in the file and with --set', async ({ folder }) => {
  const path = join(folder, 'unknown-key.yaml');
  await writeFile(
    path,
    stringify({ ...tinyRun('corpus.jsonl', 2), model: { local: { dimension: 16, layers: 1, heads: 2, windw: 4 } } }),
  );
  assert.match(await refused(2, 'CONFIG_INVALID', 'train', '--config', path), 'unknown key model.local.windw');
  const config = await trainingConfig(folder, 'corpus.jsonl', 'set');
  assert.match(
    await refused(2, 'CONFIG_INVALID', 'train', '--config', config, '--set', 'training.stpes=3'),
    'unknown key training.stpes',
  );
});

test('a checkpoint of another shape: nothing is indexed, the checkpoint stays as it was', async ({ folder, run }) => {
  const path = join(run.checkpoint, 'state.json');
  const before = await readFile(path, 'utf8');
  const state = JSON.parse(before) as { model: { global: { feedForward: number } } };
  state.model.global.feedForward = 48;
  await writeFile(path, JSON.stringify(state));
  try {
    const index = join(folder, 'index-of-shape');
    const words = ['index', '--checkpoint', run.checkpoint, '--zpkg', join(run.folder, 'corpus.zpkg'), '--index', index];
    const line = await refused(1, 'CHECKPOINT_SHAPE', ...words);
    assert.match(line, /should be \[36, 48\], got \[36, 40\]/);
    assert.not.ok(existsSync(index));
  } finally {
    await writeFile(path, before);
  }
});

test('an option that takes one value, given twice', async ({ folder }) => {
  const words = ['encode', '--encoder', 'lsa', '--output', join(folder, 'a'), '--output', join(folder, 'b')];
  assert.match(await refused(2, 'USAGE', ...words), '--output is given 2 times');
});

test('an unknown command, an unknown flag, a missing argument', async ({ folder }) => {
  assert.match(await refused(2, 'USAGE', 'trian'), /train/);
  assert.match(await refused(2, 'USAGE', 'pack', folder, join(folder, 'out.zpkg'), '--levle', '3'), /levle.*--help/);
  assert.match(await refused(2, 'USAGE', 'train'), /config/);
  assert.not.ok(existsSync(join(folder, 'out.zpkg')));
});

test('F25: a fit of the teacher that fails leaves nothing in the way, neither of mended settings nor of mended data', async ({
  folder,
}) => {
  const source = join(folder, 'few.jsonl');
  await writeFile(source, '{"_id": "1", "text": "granite quarry"}\n{"_id": "2", "text": "orchid meadow"}\n');
  const config = await trainingConfig(folder, source, 'few');
  const run = join(folder, 'few');
  // No word is in two of the texts.
  for (let time = 0; time < 2; time++)
    assert.match(await refused(1, 'LSA_NO_TERMS', 'train', '--config', config, '--run', run), 'minimumDocumentFrequency');
  assert.equal(existsSync(run) ? (await readdir(run)).filter((name) => !name.startsWith('.')) : [], []);
});

test.run();
