import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { stringify } from 'yaml';
import { listCheckpoints, readBestCheckpoint, readCheckpointState } from '../../../checkpoints/index.ts';
import { metricsOf, tinyRun, writeDevData, writePassages } from '../tiny-run.ts';

interface Context {
  folder: string;
  config: string;
  whole: string;
}

const test = suite<Context>('resume');

const MAIN = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));
/** Byte equality is stated of one backend alone: of `xla` where the tests run on it, else of `wasm`, with one thread. */
const BACKEND = process.env['CEM_BACKEND'] === 'xla' ? 'xla' : 'wasm';
const STEPS = 60;
const WEIGHT_FILES = ['model.safetensors', 'tables.safetensors', 'optimizer.safetensors'];
/** How often the run is killed; the proof with many kills takes minutes: `CEM_TRAIN_KILLS=10`. */
const KILLS = Number(process.env['CEM_TRAIN_KILLS'] ?? 1);
/** Longest that a child of these tests may take, on a machine that is busy with others; on xla the first compiles the step. */
const PATIENCE = BACKEND === 'xla' ? 600_000 : 120_000;

/** `cem train` on that backend, with one thread where it has a say in that, in a process of its own. */
function startTraining(config: string, run: string, ...words: string[]): ChildProcess {
  return spawn(
    process.execPath,
    ['--import', 'tsx', MAIN, 'train', '--config', config, '--run', run, '--backend', BACKEND, ...words],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, CEM_THREADS: '1' },
      timeout: PATIENCE,
    },
  );
}

async function ended(child: ChildProcess): Promise<{ code: number | null; signal: string | null; errors: string }> {
  let errors = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, errors };
}

/** Ends a child at a moment that no step decides: in a step, an evaluation or a checkpoint, or while it starts. */
async function killSoonAfterStep(child: ChildProcess, run: string, step: number, milliseconds: number): Promise<void> {
  while (child.exitCode === null && child.signalCode === null && (metricsOf(run).at(-1)?.step ?? 0) < step) await setTimeout(2);
  await setTimeout(milliseconds);
  child.kill('SIGKILL');
}

/** Sends a signal once the metrics show that the step is done. */
async function signalAtStep(child: ChildProcess, run: string, step: number, signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    if ((metricsOf(run).at(-1)?.step ?? 0) >= step) {
      child.kill(signal);
      return;
    }
    await setTimeout(2);
  }
}

async function assertSameRun(run: string, whole: string): Promise<void> {
  for (const file of WEIGHT_FILES) {
    const [got, expected] = await Promise.all(
      [run, whole].map((folder) => readFile(join(folder, 'checkpoints', String(STEPS), file))),
    );
    assert.ok(got!.equals(expected!), `${file} differs`);
  }
  const measured = (folder: string) =>
    metricsOf(folder).map(({ step, loss, gradient_norm, dev }) => [step, loss, gradient_norm, dev]);
  assert.equal(measured(run), measured(whole));
  const kept = async (folder: string) => [await readBestCheckpoint(folder), await listCheckpoints(folder)];
  assert.equal(await kept(run), await kept(whole));
}

/** Evaluated at steps that are no checkpoints too: the best of them become ones. */
async function evaluatedRun(folder: string, source: string): Promise<Record<string, unknown>> {
  const dev = { source: await writeDevData(folder, 40, 20), candidates: 'corpus' };
  return { ...tinyRun(source, STEPS, { evaluateEvery: 12 }), data: { source, dev } };
}

/** For a backend that compiles each shape, which takes seconds: all texts are cut to as many bytes, and every step touches nearly all rows. */
function runOfOneShape(source: string): Record<string, unknown> {
  const run = tinyRun(source, STEPS, { sentences: { batchSize: 0, weight: 1 }, ema: { decay: 0.9 } });
  const model = { ...(run['model'] as object), input: 'bytes', maximumSymbols: 64, tables: { sizes: [3, 5], rows: 64 } };
  return { ...run, model };
}

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-resume-'));
  context.config = join(context.folder, 'tiny.yaml');
  context.whole = join(context.folder, 'whole');
  const source = await writePassages(context.folder, 40);
  await writeFile(
    context.config,
    stringify(BACKEND === 'xla' ? runOfOneShape(source) : await evaluatedRun(context.folder, source)),
  );
  const { code, errors } = await ended(startTraining(context.config, context.whole));
  assert.is(code, 0, errors);
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

test(`kill -9 at ${KILLS} random moment${KILLS === 1 ? '' : 's'}, each time --resume: weights and evaluations of an uninterrupted run, to the byte`, async ({
  folder,
  config,
  whole,
}) => {
  const run = join(folder, 'killed');
  const resume = () => (existsSync(join(run, 'config.yaml')) ? ['--resume'] : []);
  const moments: string[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const child = startTraining(config, run, ...resume());
    const end = ended(child);
    // As far as it has come at most, and a share of what is left: all kills find it training.
    const reached = metricsOf(run).at(-1)?.step ?? 0;
    const step = reached + Math.floor(Math.random() * ((2 * (STEPS - 10 - reached)) / (KILLS - kill + 1)));
    const later = Math.floor(60 * Math.random());
    await killSoonAfterStep(child, run, step, step === 0 ? 40 * later : later);
    const { signal, errors } = await end;
    assert.is(signal, 'SIGKILL', `kill ${kill} ${later} ms after step ${step}: ${errors}`);
    assert.not.ok(existsSync(join(run, 'checkpoints', String(STEPS))));
    moments.push(`${metricsOf(run).at(-1)?.step ?? 0} (checkpoints ${(await listCheckpoints(run)).join(' ') || 'none'})`);
  }
  const { code, errors } = await ended(startTraining(config, run, ...resume()));
  assert.is(code, 0, errors);
  console.log(`killed at step ${moments.join(', ')}; at last ${/resume: step \d+/.exec(errors)?.[0] ?? 'no checkpoint yet'}`);
  await assertSameRun(run, whole);
  const states = await Promise.all([run, whole].map((path) => readCheckpointState(join(path, 'checkpoints', String(STEPS)))));
  assert.equal(states[0], states[1]);
  assert.not.ok((await readdir(join(run, 'checkpoints'))).some((name) => name.startsWith('.')));
});

test('SIGINT writes a checkpoint and exits with 0; the resumed run ends the same', async ({ folder, config, whole }) => {
  const run = join(folder, 'interrupted');
  const child = startTraining(config, run);
  const end = ended(child);
  await signalAtStep(child, run, 13, 'SIGINT');
  const { code, errors } = await end;
  assert.is(code, 0, errors);
  const { step } = metricsOf(run).at(-1)!;
  assert.ok(step >= 13 && step < STEPS, `stopped at step ${step}`);
  assert.is((await readCheckpointState(join(run, 'checkpoints', String(step)))).step, step);

  const resumed = await ended(startTraining(config, run, '--resume'));
  assert.is(resumed.code, 0, resumed.errors);
  await assertSameRun(run, whole);
});

test('an existing run is refused without --resume (2), another configuration with it (1); the run stays as it was', async (context) => {
  const checkpoint = join(context.whole, 'checkpoints', String(STEPS), 'model.safetensors');
  const before = await readFile(checkpoint);
  for (const [words, code, name] of [
    [[], 2, 'RUN_EXISTS'],
    [['--resume', '--set', 'training.steps=61'], 1, 'RUN_CONFIG_DIFFERS'],
  ] as const) {
    const { code: got, errors } = await ended(startTraining(context.config, context.whole, ...words));
    assert.is(got, code, errors);
    const lines = errors.split('\n').filter((line) => line.startsWith('cem: '));
    assert.is(lines.length, 1, errors);
    assert.match(lines[0]!, `[${name}]`);
  }
  assert.ok(before.equals(await readFile(checkpoint)));
});

test.run();
