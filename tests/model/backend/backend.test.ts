import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError, UsageError } from '../../../base/errors.ts';
import { BackendError, describeBackend, parseBackendRequest, selectBackend, tf } from '../../../model/backend/index.ts';
import { testBackend } from '../../backend.ts';

const test = suite('model/backend');
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Runs a module text in a process of its own, from the checkout's root. */
function run(source: string, environment: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  return { status, stdout, stderr };
}

const SELECT = `import { selectBackend, tf } from './model/backend/index.ts';`;

test('every package shares the one engine of model/tf.ts', async () => {
  const require = createRequire(import.meta.url);
  const core = await import('@tensorflow/tfjs-core');
  assert.is(require('@tensorflow/tfjs').engine(), tf.engine());
  assert.is(core.engine() as unknown, tf.engine());
  await selectBackend('wasm');
  assert.is(tf.getBackend(), 'wasm');
});

test('names from outside are checked', () => {
  assert.is(parseBackendRequest('auto'), 'auto');
  assert.is(parseBackendRequest('wasm'), 'wasm');
  assert.throws(
    () => parseBackendRequest('cuda'),
    (error: unknown) =>
      error instanceof UsageError &&
      error.code === 'BACKEND_UNKNOWN' &&
      /auto, xla, tensorflow, webgpu, wasm, cpu/.test(error.message),
  );
});

for (const name of ['wasm', 'cpu'] as const) {
  test(`${name} computes and says what it is`, async () => {
    const choice = await selectBackend(name);
    assert.is(choice.name, name);
    assert.is(choice.reason, 'asked for');
    assert.is(tf.getBackend(), name);
    assert.match(choice.hint ?? '', 'npm run native');
    assert.match(describeBackend(choice), new RegExp(`^backend: ${name} \\(`));
    const product = tf.tidy(() => tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0]);
    assert.is(product, 11);
  });
}

test('auto takes one that works and says why no faster one', async () => {
  const choice = await selectBackend('auto');
  assert.match(choice.reason, 'the fastest that works here');
  if (choice.name !== 'tensorflow') assert.match(choice.reason, 'tensorflow: ');
  assert.is(tf.getBackend(), choice.name);
});

test('what is said of a backend is one short line: why it is this one stands in its reason', async () => {
  const line = describeBackend(await selectBackend('auto'));
  assert.match(line, /^backend: \w+ \(.*\)/);
  assert.ok(line.length <= 160, line);
});

test('without a graphics driver, choosing by oneself writes no warning of Dawn or of its loader', () => {
  const { stdout, stderr } = run(`${SELECT} console.log((await selectBackend('auto')).name); process.exit(0);`, {
    VK_ICD_FILENAMES: '/nowhere/icd.json',
    VK_DRIVER_FILES: '/nowhere/icd.json',
  });
  assert.match(stdout, /^(tensorflow|wasm|webgpu)\n$/);
  assert.is(stderr, '');
});

test('a process without an addon gets wasm, or an error with advice when it insists on tensorflow', () => {
  // A resolver that knows no tfjs-node stands for a machine where the optional package is not installed.
  const hide = `import Module from 'node:module';
    const resolve = Module._resolveFilename;
    Module._resolveFilename = (name, ...rest) => { if (name.includes('tfjs-node')) throw new Error('hidden'); return resolve(name, ...rest); };`;
  const automatic = run(`${hide} const { selectBackend } = await import('./model/backend/index.ts');
    const { name, reason } = await selectBackend('auto'); console.log(name + ': ' + reason); process.exit(0);`);
  assert.match(
    automatic.stdout,
    /^(wasm|webgpu): .*tensorflow: neither @tensorflow\/tfjs-node-gpu nor @tensorflow\/tfjs-node is installed/,
  );
  const asked = run(`${hide} const { selectBackend } = await import('./model/backend/index.ts');
    await selectBackend('tensorflow').catch((error) => console.log(error.code + ' ' + error.message));`);
  assert.match(asked.stdout, /^BACKEND_UNAVAILABLE backend tensorflow does not work here: .*npm run native/);
});

test('starting wasm prints nothing and leaves no listener that would print its source', () => {
  const { status, stdout, stderr } = run(`${SELECT} await selectBackend('wasm'); tf.ones([2]).dataSync();
    console.log(String(process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection')));`);
  assert.is(status, 0);
  assert.is(stdout, '0\n');
  assert.is(stderr, '');
});

test('an error of a backend is a CemError with the reason apart', () => {
  const error = new BackendError('webgpu', 'no graphics adapter', 'Buy one.');
  assert.ok(error instanceof CemError);
  assert.is(error.reason, 'no graphics adapter');
  assert.is(error.message, 'backend webgpu does not work here: no graphics adapter. Buy one.');
});

test('testBackend starts what CEM_BACKEND names', async () => {
  const chosen = await testBackend();
  assert.is(chosen, tf);
  const asked = process.env['CEM_BACKEND'] ?? 'auto';
  if (asked !== 'auto') assert.is(tf.getBackend(), asked);
});

test.after(async () => {
  await testBackend();
});

test.run();
