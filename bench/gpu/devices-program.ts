/** Prints what computes here, one JSON line a finding: the machine, the driver's GPUs, Python's packages, where a plugin was looked for, its devices, and products as they are. */
import { spawnSync } from 'node:child_process';
import { compileFunction, describeBackend, selectBackend, setProductPrecision, tf } from '../../model/backend/index.ts';
import { findPjrtPlugins } from '../../model/backend/xla/pjrt/index.ts';
import type { XlaBackend } from '../../model/backend/xla/xla-backend.ts';
import { describeMachine, median } from '../measurement.ts';

/** Widths of square matrices: a processor takes a second for the smaller one. */
const WIDTH = { accelerator: 8192, processor: 512 };
const TURNS = 5;
const PACKAGES = ['torch', 'transformers', 'triton', 'jax', 'jaxlib', 'jax-cuda13-pjrt', 'jax-cuda12-pjrt'];
const VERSIONS = `import importlib.metadata as m, sys, json
found = {"python": sys.version.split()[0], "executable": sys.executable}
for name in ${JSON.stringify(PACKAGES)}:
    try: found[name] = m.version(name)
    except Exception: pass
print(json.dumps(found))`;

function say(finding: object): void {
  process.stdout.write(`${JSON.stringify(finding)}\n`);
}

/** Standard output of a program; what went wrong where it does not run. */
function answerOf(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000 });
  return status === 0 ? stdout.trim() : `no answer: ${error?.message ?? stderr.trim().slice(-300)}`;
}

say({ found: 'machine', machine: describeMachine() });
say({
  found: 'driver',
  gpus: answerOf('nvidia-smi', ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader']).split('\n'),
});
say({ found: 'python', answer: answerOf(process.env['CEM_PYTHON'] ?? 'python3', ['-c', VERSIONS]) });
say({
  found: 'plugins',
  order: 'CEM_PJRT; native/xla/{cuda13,cuda12,rocm,cpu} below CEM_CACHE; packages of CEM_PYTHON, else of python3 on PATH',
  plugins: findPjrtPlugins().map(({ path, how, settings }) => ({ path, how, settings })),
});

const backend = await selectBackend('xla');
const { client } = tf.backend() as unknown as XlaBackend;
say({
  found: 'backend',
  backend: describeBackend(backend),
  platform: client.platform,
  version: client.platformVersion,
  devices: client.devices.map(({ kind, description }) => ({ kind, description })),
  memory: client.memory(),
});

const width = client.platform === 'cpu' ? WIDTH.processor : WIDTH.accelerator;
const operands = [0, 1].map((seed) => tf.randomUniform([width, width], -1, 1, 'float32', seed));
for (const precision of ['float32', 'bf16'] as const) {
  setProductPrecision(precision);
  const product = compileFunction('product', ([a, b]) => [tf.matMul(a!, b!)]);
  const milliseconds: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const start = performance.now();
    const [made] = product.run(operands);
    // One number is read: the product is there.
    await made!.slice([0, 0], [1, 1]).data();
    milliseconds.push(performance.now() - start);
    made!.dispose();
  }
  const best = Math.min(...milliseconds.slice(1));
  say({
    found: 'product',
    precision,
    width,
    milliseconds: median(milliseconds.slice(1)),
    teraflops: (2 * width ** 3) / best / 1e9,
  });
  product.dispose();
}
tf.dispose(operands);
