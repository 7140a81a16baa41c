/**
 * The product once through its commands, each in a process of its own, as people run it: for versions of Node on which the whole suite does not run in CI (`npm run smoke`).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { metricsOf, passageRows, tinyRun } from '../training/tiny-run.ts';

interface Context {
  folder: string;
  source: string;
  run: string;
  zpkg: string;
  index: string;
}

const test = suite<Context>('smoke');

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const DOCUMENTS = 40;
/** Steps of the run that is stopped in the middle; it takes minutes. */
const MANY_STEPS = 3000;
/** What nobody can act on who only uses the commands: Node's own warnings, and those of libraries beneath. */
const WARNING = /warning|deprecat|\bDEP\d{4}\b|\bnpm warn\b/i;

function start(backend: string, words: readonly string[]): { child: ChildProcess; output: () => string; errors: () => string } {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...words, '--backend', backend], {
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
  return { child, output: () => output, errors: () => errors };
}

/** Runs a command to its end, which has to be a good one and without warnings, and gives its JSON. */
async function cem<Result>(backend: string, ...words: string[]): Promise<Result> {
  const { child, output, errors } = start(backend, [...words, '--json']);
  const [code] = await once(child, 'close');
  assert.is(code, 0, `cem ${words.join(' ')}: ${errors()}`);
  assert.not.match(errors(), WARNING);
  return JSON.parse(output()) as Result;
}

test.before(async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'cem-smoke-'));
  const at = (name: string) => join(folder, name);
  Object.assign(context, { folder, source: at('corpus.jsonl'), run: at('run'), zpkg: at('corpus.zpkg'), index: at('index') });
  const rows = passageRows(DOCUMENTS).map((row) => `${JSON.stringify(row)}\n`);
  await writeFile(context.source, rows.join(''));
  await writeFile(at('run.yaml'), stringify(tinyRun(context.source, MANY_STEPS)));
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

test('pack, and every document is there again', async ({ source, zpkg }) => {
  const packed = await cem<{ documents: number; saving: number }>('wasm', 'pack', source, zpkg);
  assert.is(packed.documents, DOCUMENTS);
  const verified = await cem<{ documents: number }>('wasm', 'verify', zpkg);
  assert.is(verified.documents, DOCUMENTS);
  const { text } = await cem<{ text: string }>('wasm', 'cat', zpkg, '--id', 'p7');
  const row = passageRows(DOCUMENTS)[7]!;
  assert.is(text, `${row.title} ${row.text}`.trim());
});

test('train is stopped by SIGINT, keeps a checkpoint, and goes on from it', async ({ folder, run }) => {
  const words = ['train', '--config', join(folder, 'run.yaml'), '--run', run];
  const { child, output, errors } = start('wasm', [...words, '--json']);
  const closed = once(child, 'close');
  while (metricsOf(run).length < 3 && child.exitCode === null) await setTimeout(20);
  child.kill('SIGINT');
  const [code] = await closed;
  assert.is(code, 0, errors());
  assert.not.match(errors(), WARNING);
  const { step, interrupted } = JSON.parse(output()) as { step: number; interrupted: boolean };
  assert.is(interrupted, true);
  assert.ok(step >= 3 && step < MANY_STEPS);

  const { child: second, errors: secondErrors } = start('wasm', [...words, '--resume']);
  const secondClosed = once(second, 'close');
  const reached = () => metricsOf(run).at(-1)!.step;
  while (reached() <= step && second.exitCode === null) await setTimeout(20);
  second.kill('SIGINT');
  assert.is((await secondClosed)[0], 0, secondErrors());
  const steps = metricsOf(run).map((line) => line.step);
  assert.ok(steps.at(-1)! > step, `went on to ${steps.at(-1)} from ${step}`);
  assert.equal(
    steps,
    steps.map((_, line) => line + 1),
  );
});

test('index and search', async ({ run, zpkg, index }) => {
  const built = await cem<{ chunks: number }>('wasm', 'index', '--checkpoint', run, '--zpkg', zpkg, '--index', index);
  assert.ok(built.chunks >= DOCUMENTS);
  const row = passageRows(DOCUMENTS)[7]!;
  const found = await cem<{ results: { id: string; text: string }[] }>(
    'wasm',
    'search',
    row.text.slice(0, 300),
    '--index',
    index,
    '--k',
    '5',
  );
  assert.is(found.results.length, 5);
  for (const { text } of found.results) assert.ok(text.length > 0);
});

test('serve answers, and ends in order on SIGTERM', async ({ index }) => {
  const { child, errors } = start('wasm', ['serve', '--index', index, '--port', '0', '--log', 'error']);
  const closed = once(child, 'close');
  try {
    while (!/at (http:\S+);/.test(errors()) && child.exitCode === null) await setTimeout(20);
    const address = /at (http:\S+);/.exec(errors())![1]!;
    const response = await fetch(`${address}/v1/search`, {
      method: 'POST',
      // A title alone may be words that the teacher does not know.
      body: JSON.stringify({ query: passageRows(1)[0]!.text.slice(0, 300), k: 3 }),
      headers: { 'content-type': 'application/json' },
    });
    assert.is(response.status, 200);
    assert.is(((await response.json()) as { results: unknown[] }).results.length, 3);
  } finally {
    child.kill('SIGTERM');
  }
  assert.is((await closed)[0], 0, errors());
  assert.not.match(errors(), WARNING);
});

test('the native backend, where it is built, trains too', async ({ folder, source }) => {
  const doctor = await cem<{ parts: { name: string; works: boolean; detail: string }[] }>('auto', 'doctor');
  for (const name of ['wasm', 'cpu', 'zstd', 'pglite', 'transformers'])
    assert.ok(doctor.parts.find((part) => part.name === name)?.works, name);
  if (!doctor.parts.find((part) => part.name === 'tensorflow')?.works) {
    console.log('skipped: training on tensorflow (npm run native has not been run)');
    return;
  }
  const config = join(folder, 'native.yaml');
  await writeFile(config, stringify(tinyRun(source, 5)));
  const trained = await cem<{ step: number }>('tensorflow', 'train', '--config', config, '--run', join(folder, 'native'));
  assert.is(trained.step, 5);
});

test.run();
