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
import { readCheckpointState } from '../../checkpoints/index.ts';
import { metricsOf, tinyRun, writePassages } from './tiny-run.ts';

interface Context {
  folder: string;
  config: string;
  whole: string;
}

const test = suite<Context>('resume');

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const STEPS = 60;
const WEIGHT_FILES = ['model.safetensors', 'tables.safetensors', 'optimizer.safetensors'];
/** Longest that a child of these tests may take, on a machine that is busy with others. */
const PATIENCE = 120_000;

/** `cem train` on one backend with one thread, in a process of its own. */
function startTraining(config: string, run: string, ...words: string[]): ChildProcess {
  return spawn(
    process.execPath,
    ['--import', 'tsx', MAIN, 'train', '--config', config, '--run', run, '--backend', 'wasm', ...words],
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

async function assertSameWeights(run: string, whole: string): Promise<void> {
  for (const file of WEIGHT_FILES) {
    const [got, expected] = await Promise.all(
      [run, whole].map((folder) => readFile(join(folder, 'checkpoints', String(STEPS), file))),
    );
    assert.ok(got!.equals(expected!), `${file} differs`);
  }
  const measured = (folder: string) => metricsOf(folder).map(({ step, loss, gradient_norm }) => [step, loss, gradient_norm]);
  assert.equal(measured(run), measured(whole));
}

test.before(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-resume-'));
  context.config = join(context.folder, 'tiny.yaml');
  context.whole = join(context.folder, 'whole');
  await writeFile(context.config, stringify(tinyRun(await writePassages(context.folder, 40), STEPS)));
  const { code, errors } = await ended(startTraining(context.config, context.whole));
  assert.is(code, 0, errors);
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

test('kill -9 at a random step, then --resume: the weights of an uninterrupted run, to the byte', async ({
  folder,
  config,
  whole,
}) => {
  const run = join(folder, 'killed');
  const step = 1 + Math.floor(Math.random() * (STEPS - 15));
  const child = startTraining(config, run);
  const end = ended(child);
  await signalAtStep(child, run, step, 'SIGKILL');
  assert.is((await end).signal, 'SIGKILL', `to be killed at step ${step}`);
  assert.not.ok(existsSync(join(run, 'checkpoints', String(STEPS))));

  const { code, errors } = await ended(startTraining(config, run, '--resume'));
  assert.is(code, 0, errors);
  console.log(`killed at step ${step}: ${/resume: step \d+/.exec(errors)?.[0] ?? 'no checkpoint yet'}`);
  await assertSameWeights(run, whole);
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
  await assertSameWeights(run, whole);
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
