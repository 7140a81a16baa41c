import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../../model/backend/index.ts';
import { compiledAttention } from '../../../../model/kernels/compiled/compiled-attention.ts';
import { compiledKernels } from '../../../../model/kernels/compiled/compiled-kernels.ts';
import { composedRotaryAttention, type RotaryAttentionOptions, rotaryAttention } from '../../../../model/layers/attention.ts';
import { recomputed } from '../../../../model/layers/recompute.ts';
import { rotaryPairs } from '../../../../model/layers/rotary.ts';
import { testBackend } from '../../../backend.ts';
import { checkGradients } from '../../gradient-check.ts';
import { randomValues } from '../../tiny-model.ts';

const test = suite('model/kernels/compiled-attention');
let available = false;

test.before(async () => {
  await testBackend();
  available = compiledKernels()?.has('CemAttention') ?? false;
  if (!available)
    console.log('tests/model/kernels/compiled/compiled-attention.test.ts: skipped, this backend has no compiled kernels');
});

interface Case extends Omit<RotaryAttentionOptions, 'ropeTheta'> {
  readonly what: string;
  readonly shape: readonly [batch: number, positions: number, width: number];
  /** How many positions of each row are real; absent: all. */
  readonly real?: readonly number[];
}

/** Windows divide the positions, or are at least half of them: more the twin does not take. */
const cases: readonly Case[] = [
  { what: 'one position', shape: [2, 1, 2], heads: 1, causal: false },
  { what: 'fewer positions than a block, odd sizes', shape: [2, 7, 6], heads: 3, causal: false, real: [7, 3] },
  { what: 'causal', shape: [2, 37, 10], heads: 2, causal: true },
  { what: 'full, several tiles of keys', shape: [2, 250, 16], heads: 2, causal: false, real: [250, 101] },
  { what: 'full, wide heads', shape: [1, 128, 80], heads: 1, causal: false, real: [97] },
  { what: 'full, nothing real', shape: [2, 40, 4], heads: 1, causal: false, real: [40, 0] },
  { what: 'window of 32', shape: [2, 160, 32], heads: 2, window: 32, causal: false, real: [160, 150] },
  { what: 'window of 32, causal', shape: [2, 160, 32], heads: 2, window: 32, causal: true },
  { what: 'window of 32, several tasks a head', shape: [1, 1120, 8], heads: 1, window: 32, causal: false, real: [1100] },
  { what: 'window that is no multiple of a register', shape: [1, 66, 12], heads: 2, window: 11, causal: false },
  { what: 'window wider than a tile of keys', shape: [1, 600, 8], heads: 2, window: 200, causal: true },
  { what: 'window over more than half of the positions', shape: [1, 50, 8], heads: 2, window: 40, causal: false },
  { what: 'window over all positions', shape: [1, 50, 8], heads: 2, window: 64, causal: false },
  { what: 'window of one', shape: [1, 20, 8], heads: 2, window: 1, causal: false },
];

type Operands = readonly [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];

function operandsOf({ what, shape: [batch, positions, width], heads }: Case): { operands: Operands; weight: tf.Tensor3D } {
  const [query, key, value, weight] = ['query', 'key', 'value', 'weight'].map((name) => {
    const values = randomValues(batch * positions * heads * width, `${what}/${name}`);
    return tf.mul(tf.tensor3d(values, [batch, positions, heads * width]), 2) as tf.Tensor3D;
  }) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
  return { operands: [query, key, value], weight };
}

/** [batch, positions] */
function maskOf({ shape: [batch, positions], real }: Case): tf.Tensor2D {
  const mask = new Float32Array(batch * positions);
  for (let row = 0; row < batch; row++) mask.fill(1, row * positions, row * positions + (real?.[row] ?? positions));
  return tf.tensor2d(mask, [batch, positions]);
}

type Implementation = typeof rotaryAttention;

/** The operands side by side in rows, as attention takes them. */
function sideBySide(operands: Operands): tf.Tensor2D {
  return tf.concat([...operands], 2).reshape([-1, 3 * operands[0].shape[2]]) as tf.Tensor2D;
}

/** Attention of separate operands: [batch, positions, channels]. */
function attend(attention: Implementation, operands: Operands, mask: tf.Tensor2D, options: RotaryAttentionOptions): tf.Tensor {
  return attention(sideBySide(operands), mask, options).reshape(operands[0].shape);
}

/** Output and the three gradients of a sum of it, weighted where queries are real: what padding asks for is nobody's business. */
function outputAndGradients(attention: Implementation, one: Case): tf.Tensor[] {
  return tf.tidy(() => {
    const { operands, weight } = operandsOf(one);
    const options: RotaryAttentionOptions = { ...one, ropeTheta: 10_000 };
    // In full attention a row without a real key has a meaning too: the mean of all values.
    const counts = one.window === undefined && !one.causal ? tf.onesLike(maskOf(one)) : maskOf(one);
    const share = tf.mul(weight, counts.expandDims(2));
    // The mask is made inside, and so is gone when the gradient is computed, as it may be in a layer.
    const run = (...tensors: tf.Tensor[]) =>
      tf.tidy(() => attend(attention, tensors as unknown as Operands, maskOf(one), options));
    const gradients = tf.grads((...tensors) => tf.sum(tf.mul(run(...tensors), share)))([...operands]);
    return [tf.mul(run(...operands), counts.expandDims(2)), ...gradients];
  });
}

for (const one of cases) {
  test(`equals its slow twin, gradients too: ${one.what}`, async () => {
    if (!available) return;
    const before = tf.memory().numTensors;
    const ours = outputAndGradients(rotaryAttention, one);
    const twins = outputAndGradients(composedRotaryAttention, one);
    const [got, expected] = await Promise.all(
      [ours, twins].map((tensors) => Promise.all(tensors.map((tensor) => tensor.data()))),
    );
    // Sums of some hundred products of numbers like the largest there are: 30 units in its last place.
    const tolerance = 30 * 2 ** -23 * Math.max(...expected!.flatMap((values) => [...values].map(Math.abs)));
    for (const [index, name] of ['output', 'query', 'key', 'value'].entries()) {
      const error = Math.max(...expected![index]!.map((value, place) => Math.abs(value - got![index]![place]!)));
      assert.ok(error <= tolerance, `${name}: ${error} > ${tolerance}`);
    }
    tf.dispose([...ours, ...twins]);
    assert.is(tf.memory().numTensors, before, 'tensors left');
  });
}

test('gradients equal central differences', async () => {
  if (!available) return;
  const [shape, heads] = [[2, 20, 12], 2] as const;
  const variables = ['query', 'key', 'value'].map((name) => ({
    name,
    shape,
    values: randomValues(2 * 20 * 12, `numeric/${name}`),
  }));
  const mask = { what: '', shape: [2, 20, 6], heads, causal: false, real: [20, 15] } as const;
  for (const window of [undefined, 5]) {
    await checkGradients(`attention, window ${window}`, variables, (tensors) => {
      const options = { heads, causal: false, ropeTheta: 100, ...(window !== undefined && { window }) };
      return tf.mul(attend(rotaryAttention, tensors as unknown as Operands, maskOf(mask), options), maskOf(mask).expandDims(2));
    });
  }
});

test('a recomputed attention has the same gradients to the byte', async () => {
  if (!available) return;
  const one: Case = { what: 'recomputed', shape: [2, 70, 8], heads: 2, window: 16, causal: false, real: [70, 33] };
  const again: Implementation = (projections, mask, options) =>
    recomputed(
      ([rows], [shown]) => rotaryAttention(rows as tf.Tensor2D, shown as tf.Tensor2D, options),
      [projections],
      [mask],
    ) as tf.Tensor2D;
  const [plain, second] = [outputAndGradients(rotaryAttention, one), outputAndGradients(again, one)];
  for (const [index, tensor] of plain.entries()) assert.equal(await tensor.data(), await second[index]!.data());
  tf.dispose([...plain, ...second]);
});

test('a query all of whose keys are masked gets the mean of those in its window', () => {
  if (!available) return;
  // Positions 2 and 3 of 4 are padding; with a window of 1 position 3 sees itself alone, with a window of 2 it sees 2 and 3.
  const value = tf.tensor3d([1, 1, 2, 2, 3, 3, 5, 5], [1, 4, 2]);
  const zeros = tf.zerosLike(value);
  const mask = tf.tensor2d([1, 1, 0, 0], [1, 4]);
  for (const [window, last] of [
    [1, 5],
    [2, 4],
  ] as const) {
    const output = tf.tidy(() =>
      attend(rotaryAttention, [zeros, zeros, value], mask, { heads: 1, ropeTheta: 100, window, causal: false }),
    );
    assert.is(output.dataSync()[6], last);
    output.dispose();
  }
  tf.dispose([value, zeros, mask]);
});

test('a number that is none is seen in the output', () => {
  if (!available) return;
  const values = randomValues(2 * 40 * 4, 'not a number');
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const output = tf.tidy(() => {
      const broken = values.slice();
      broken[4 * 20] = bad;
      const [query, whole] = [broken, values].map((numbers) => tf.tensor3d(numbers, [2, 40, 4])) as [tf.Tensor3D, tf.Tensor3D];
      const options = { heads: 1, ropeTheta: 100, causal: false };
      return attend(rotaryAttention, [query, whole, whole], tf.ones([2, 40]) as tf.Tensor2D, options);
    });
    const got = output.dataSync();
    assert.not(Number.isFinite(got[4 * 20]!), `${bad} at query 20`);
    assert.ok(Number.isFinite(got[4 * 21]!), 'the other queries are as they were');
    output.dispose();
  }
});

test('what does not fit is left to the operations of tfjs, and refused by the op', () => {
  if (!available) return;
  const [even, odd] = [tf.zeros([4, 3 * 6]), tf.zeros([4, 3 * 3])] as [tf.Tensor2D, tf.Tensor2D];
  const mask = tf.ones([1, 4]) as tf.Tensor2D;
  const angles = (positions: number, width: number) => rotaryPairs(positions, width, 100);
  const left = (x: tf.Tensor2D, shown: tf.Tensor2D, heads: number) =>
    compiledAttention(x, shown, angles, { heads, causal: false });
  assert.is(left(odd, mask, 1), undefined);
  assert.is(left(even, mask, 2), undefined);
  assert.is(left(even, tf.zeros([1, 5]) as tf.Tensor2D, 1), undefined);
  assert.is(left(even, tf.cast(mask, 'int32') as tf.Tensor2D, 1), undefined);
  const turns = tf.zeros([4, 6]);
  const attributes = { heads: 1, window: 0, causal: false };
  for (const inputs of [
    [odd, mask, turns],
    [even, tf.ones([4]), turns],
    [even, tf.ones([1, 5]), turns],
    [even.reshape([1, 4, 18]), mask, turns],
    [even, mask, tf.zeros([4, 4])],
  ]) {
    assert.throws(
      () => compiledKernels()!.run('CemAttention', attributes, inputs, 2),
      (error: { code?: string }) => error.code === 'COMPILED_KERNEL',
    );
  }
  assert.throws(() => compiledKernels()!.run('CemAttention', { ...attributes, heads: 4 }, [even, mask, turns], 2), /multiple/);
});

/** Run by itself, this file prints a hash of what the kernel computes. */
async function hashOfResults(): Promise<string> {
  await testBackend();
  const hash = createHash('sha256');
  for (const one of cases.slice(3)) {
    for (const tensor of outputAndGradients(rotaryAttention, one))
      hash.update(new Uint8Array((await tensor.data()).slice().buffer));
  }
  return hash.digest('hex');
}

const OWN_HASH = 'CEM_TEST_ATTENTION_HASH';

test('one thread and two give the same bytes', () => {
  if (!available || process.env[OWN_HASH]) return;
  const [one, two] = ['1', '2'].map((threads) => {
    const output = execFileSync(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url)], {
      env: { ...process.env, [OWN_HASH]: '1', CEM_THREADS: threads, TF_NUM_INTRAOP_THREADS: threads },
      encoding: 'utf8',
    });
    return /hash ([0-9a-f]{64})/.exec(output)?.[1];
  });
  assert.ok(one);
  assert.is(one, two);
});

if (process.env[OWN_HASH]) {
  console.log(`hash ${await hashOfResults()}`);
  process.exit();
}
test.run();
