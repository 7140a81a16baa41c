import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../../model/backend/index.ts';
import { compiledKernels } from '../../../../model/kernels/compiled/compiled-kernels.ts';
import { compiledRmsNormalize } from '../../../../model/kernels/compiled/compiled-rms-norm.ts';
import { composedRmsNormalize, rmsNormalize } from '../../../../model/layers/operations.ts';
import { testBackend } from '../../../backend.ts';
import { checkGradients } from '../../gradient-check.ts';
import { assertClose, EPSILON } from '../../layers/layer-checks.ts';
import { randomValues } from '../../tiny-model.ts';

const test = suite('model/kernels/compiled-rms-norm');
let available = false;

test.before(async () => {
  await testBackend();
  available = compiledKernels()?.has('CemRmsNorm') ?? false;
  if (!available)
    console.log('tests/model/kernels/compiled/compiled-rms-norm.test.ts: skipped, this backend has no compiled kernels');
});

const tensorOf = (name: string, ...shape: number[]): tf.Tensor =>
  tf.tensor(randomValues(tf.util.sizeFromShape(shape), name), shape);

/** Output and both gradients. */
function results(operation: typeof rmsNormalize, [x, gain, dy]: readonly tf.Tensor[]): tf.Tensor[] {
  return tf.tidy(() => [
    operation(x!, gain!, EPSILON),
    ...tf.grads((one, other) => operation(one!, other!, EPSILON))([x!, gain!], dy!),
  ]);
}

// Widths below, at and between registers of 16; rows below one block of 32, and so many that blocks are longer (4,100 rows: 33 a block).
for (const shape of [
  [1, 1],
  [3, 5],
  [2, 7, 16],
  [2, 50, 33],
  [4100, 48],
]) {
  test(`equals its slow twin, gradients too: [${shape.join(', ')}]`, () => {
    if (!available) return;
    const before = tf.memory().numTensors;
    const inputs = [tensorOf('x', ...shape), tensorOf('gain', shape.at(-1)!), tensorOf('dy', ...shape)];
    const [ours, twins] = [results(rmsNormalize, inputs), results(composedRmsNormalize, inputs)];
    // Numbers near one; the gain's gradient is a sum over the rows.
    const rows = inputs[0]!.size / shape.at(-1)!;
    [2e-6, 4e-6, 1e-6 * Math.max(4, rows / 10)].forEach((tolerance, index) => {
      assert.equal(ours[index]!.shape, twins[index]!.shape);
      assertClose(ours[index]!.dataSync(), twins[index]!.dataSync(), tolerance, ['output', 'x', 'gain'][index]);
    });
    tf.dispose([...inputs, ...ours, ...twins]);
    assert.is(tf.memory().numTensors, before, 'tensors left');
  });
}

test('gradients equal central differences', async () => {
  if (!available) return;
  const variables = [
    { name: 'x', shape: [5, 19], values: randomValues(95, 'numeric/x') },
    { name: 'gain', shape: [19], values: randomValues(19, 'numeric/gain') },
  ];
  await checkGradients('rms', variables, ([x, gain]) => rmsNormalize(x!, gain!, EPSILON));
});

test('with a residual: the sum, its norm, and one gradient of both', () => {
  if (!available) return;
  const kernels = compiledKernels()!;
  tf.tidy(() => {
    const [x, delta, gain] = [tensorOf('x', 40, 21), tensorOf('delta', 40, 21), tensorOf('gain', 21)] as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const [output, inverse, sum] = kernels.run('CemResidualRmsNorm', { epsilon: EPSILON }, [x, delta, gain], 3) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    assert.equal(sum.dataSync(), tf.add(x, delta).dataSync());
    const [plain] = kernels.run('CemRmsNorm', { epsilon: EPSILON }, [sum, gain], 2) as [tf.Tensor];
    assert.equal(output.dataSync(), plain.dataSync());
    // Three gradients of the output and one of the sum, against their sum and an addition behind.
    const dys = ['one', 'two', 'three'].map((name) => tensorOf(name, 40, 21));
    const ofSum = tensorOf('four', 40, 21);
    const [together, ofGain] = kernels.run('CemRmsNormGradient', { N: 3, M: 1 }, [sum, gain, inverse, ...dys, ofSum], 2) as [
      tf.Tensor,
      tf.Tensor,
    ];
    const twins = results(composedRmsNormalize, [sum, gain, tf.addN(dys)]);
    assertClose(together.dataSync(), tf.add(twins[1]!, ofSum).dataSync(), 1e-5, 'x');
    assertClose(ofGain.dataSync(), twins[2]!.dataSync(), 2e-5, 'gain');
  });
});

test('a number that is none is seen in its row alone, and in every sum over rows', () => {
  if (!available) return;
  tf.tidy(() => {
    const values = randomValues(60, 'not a number');
    values[20] = Number.NaN;
    const [output, , ofGain] = results(rmsNormalize, [tf.tensor2d(values, [3, 20]), tf.ones([20]), tf.ones([3, 20])]);
    assert.equal(
      [...output!.dataSync()].map((value) => Number.isNaN(value)),
      Array.from({ length: 60 }, (_, index) => index >= 20 && index < 40),
    );
    assert.ok(ofGain!.dataSync().every((value) => Number.isNaN(value)));
  });
});

test('no rows are no error; what does not fit is left to tfjs, and refused by the op', () => {
  if (!available) return;
  tf.tidy(() => {
    const [gain, x] = [tf.ones([7]), tf.ones([4, 7])];
    const [output, , ofGain] = results(rmsNormalize, [tf.zeros([0, 7]), gain, tf.zeros([0, 7])]);
    assert.equal(output!.shape, [0, 7]);
    assert.equal([...ofGain!.dataSync()], [0, 0, 0, 0, 0, 0, 0]);
    assert.is(compiledRmsNormalize(x, tf.ones([6]), EPSILON), undefined);
    assert.is(compiledRmsNormalize(tf.ones([4, 7], 'int32'), gain, EPSILON), undefined);
    const refused = (error: { code?: string }) => error.code === 'COMPILED_KERNEL';
    const run = (op: string, attributes: Record<string, number>, inputs: tf.Tensor[], outputs: number) =>
      assert.throws(() => compiledKernels()!.run(op, attributes, inputs, outputs), refused, op);
    run('CemRmsNorm', { epsilon: 0 }, [x, tf.ones([6])], 2);
    run('CemRmsNorm', { epsilon: 0 }, [tf.ones([]), tf.ones([1])], 2);
    run('CemResidualRmsNorm', { epsilon: 0 }, [x, tf.ones([4, 6]), gain], 3);
    run('CemRmsNormGradient', { N: 1, M: 0 }, [x, gain, tf.ones([3]), x], 2);
    run('CemRmsNormGradient', { N: 1, M: 0 }, [x, gain, tf.ones([4]), gain], 2);
    run('CemRmsNormGradient', { N: 1, M: 2 }, [x, gain, tf.ones([4]), x, x, x], 2);
    run('CemRmsNormGradient', { N: 9, M: 0 }, [x, gain, tf.ones([4]), ...Array.from({ length: 9 }, () => x)], 2);
  });
});

/** Of what the kernels of this file and SwiGLU compute, on as many threads as there are. */
function hashOfResults(): string {
  const hash = createHash('sha256');
  const add = (tensors: readonly tf.Tensor[]) => {
    for (const tensor of tensors) hash.update(new Uint8Array(tensor.dataSync().slice().buffer));
  };
  tf.tidy(() => {
    const inputs = [tensorOf('x', 9000, 40), tensorOf('gain', 40), tensorOf('dy', 9000, 40)] as const;
    add(results(rmsNormalize, inputs));
    const gateUp = tf.concat([inputs[0], inputs[2]], 1);
    add(compiledKernels()!.run('CemSwiGlu', {}, [gateUp], 1));
    add(compiledKernels()!.run('CemSwiGluGradient', {}, [gateUp, inputs[0]], 1));
  });
  return hash.digest('hex');
}

const OWN_HASH = 'CEM_TEST_RMS_NORM_HASH';

test('one thread and more give the same bytes', () => {
  if (!available) return;
  const threads = compiledKernels()!.threads === 1 ? '2' : '1';
  const output = execFileSync(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url)], {
    env: { ...process.env, [OWN_HASH]: '1', CEM_THREADS: threads, TF_NUM_INTRAOP_THREADS: threads },
    encoding: 'utf8',
  });
  assert.match(output, new RegExp(`^${threads} threads: ${hashOfResults()}$`, 'm'));
});

if (process.env[OWN_HASH]) {
  await testBackend();
  console.log(`${compiledKernels()!.threads} threads: ${hashOfResults()}`);
} else {
  test.run();
}
