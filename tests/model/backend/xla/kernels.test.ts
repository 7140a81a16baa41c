import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { selectBackend, tf } from '../../../../model/backend/index.ts';
import { XLA_KERNELS } from '../../../../model/backend/xla/kernels/register.ts';
import { restoreBackend } from '../../../backend.ts';
import { CASES, tensor } from './kernel-cases.ts';
import { xlaAtHand } from './xla-at-hand.ts';

const test = suite('model/backend/xla/kernels');

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, message: string): void {
  assert.is(actual.length, expected.length, `${message}: length`);
  for (let index = 0; index < expected.length; index++) {
    const [found, wanted] = [actual[index]!, expected[index]!];
    if (Object.is(found, wanted)) continue;
    if (!(Math.abs(found - wanted) <= 1e-5 * Math.max(1, Math.abs(wanted))))
      assert.unreachable(`${message}: element ${index} is ${found}, not ${wanted}`);
  }
}

interface Result {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: ArrayLike<number>;
}
type Results = ReadonlyMap<string, readonly (readonly Result[])[]>;

/** All cases of all kernels on one backend, recorded before the first is read: on xla one program. */
async function compute(backend: 'xla' | 'cpu'): Promise<Results> {
  await selectBackend(backend);
  const before = tf.memory();
  const made = Object.entries(CASES).map(([name, makes]) => [name, makes.map((make) => [tf.tidy(make)].flat())] as const);
  const read = made.map(([name, cases]) => {
    const results = cases.map((outputs) => outputs.map((x) => ({ shape: x.shape, dtype: x.dtype, data: x.dataSync() })));
    return [name, results] as const;
  });
  for (const [, cases] of made) tf.dispose(cases);
  assert.is(tf.memory().numTensors, before.numTensors, 'tensors left');
  assert.is(tf.memory().numDataBuffers, before.numDataBuffers, 'buffers left');
  return new Map(read);
}

let computed: Promise<Record<'found' | 'wanted', Results>> | undefined;

function both(): Promise<Record<'found' | 'wanted', Results>> {
  computed ??= (async () => ({ found: await compute('xla'), wanted: await compute('cpu') }))();
  return computed;
}

test('every kernel has cases', () => {
  assert.equal(
    Object.keys(XLA_KERNELS).filter((name) => !(name in CASES)),
    [],
  );
});

for (const name of Object.keys(CASES)) {
  test(`${name} equals that of plain JavaScript`, async () => {
    if (!(await xlaAtHand())) return;
    const { found, wanted } = await both();
    for (const [index, outputs] of wanted.get(name)!.entries()) {
      outputs.forEach((output, place) => {
        const result = found.get(name)![index]![place]!;
        const which = `case ${index}, output ${place}`;
        assert.equal(result.shape, output.shape, `${which}: shape`);
        assert.is(result.dtype, output.dtype, `${which}: type`);
        close(result.data, output.data, which);
      });
    }
  });
}

const BATCHES: readonly (readonly [left: number[], right: number[]])[] = [
  [[], []],
  [[3], [3]],
  [[3], [1]],
  [[3], []],
  [[], [3]],
  [
    [2, 1],
    [1, 3],
  ],
];

/** [batch, rows, columns] of two matrices each, in plain loops. */
function plainProduct(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): number[] {
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const spread = (x: tf.Tensor, transposed: boolean) =>
    tf.tidy(() => {
      const whole = tf.broadcastTo(x, [...batch, ...x.shape.slice(-2)]).reshape([-1, ...x.shape.slice(-2)]) as tf.Tensor3D;
      return (transposed ? tf.transpose(whole, [0, 2, 1]) : whole).arraySync() as number[][][];
    });
  const [left, right] = [spread(a, transposeA), spread(b, transposeB)];
  return left.flatMap((rows, item) =>
    rows.flatMap((row) =>
      right[item]![0]!.map((_, column) => row.reduce((sum, value, index) => sum + value * right[item]![index]![column]!, 0)),
    ),
  );
}

for (const transposeA of [false, true]) {
  for (const transposeB of [false, true]) {
    test(`matMul equals plain loops, transposed ${transposeA}, ${transposeB}`, async () => {
      if (!(await xlaAtHand())) return;
      for (const [leftBatch, rightBatch] of BATCHES) {
        await selectBackend('xla');
        const a = tensor([...leftBatch, ...(transposeA ? [7, 5] : [5, 7])], 1);
        const b = tensor([...rightBatch, ...(transposeB ? [4, 7] : [7, 4])], 2);
        const output = tf.matMul(a, b, transposeA, transposeB);
        const found = output.dataSync();
        await selectBackend('cpu');
        close(found, plainProduct(a, b, transposeA, transposeB), `[${a.shape}] x [${b.shape}]`);
        tf.dispose([a, b, output]);
      }
    });
  }
}

for (const transposeB of [false, true]) {
  test(`a large left operand with exchanged axes and a narrow right one equal plain loops, transposed right: ${transposeB}`, async () => {
    if (!(await xlaAtHand())) return;
    await selectBackend('xla');
    const [a, b] = [tensor([2, 256, 260], 1), tensor(transposeB ? [2, 3, 256] : [2, 256, 3], 2)];
    const output = tf.matMul(a, b, true, transposeB);
    assert.equal(output.shape, [2, 260, 3]);
    const found = output.dataSync();
    await selectBackend('cpu');
    close(found, plainProduct(a, b, true, transposeB), `[${a.shape}] x [${b.shape}]`);
    tf.dispose([a, b, output]);
  });
}

test('products with an empty side', async () => {
  if (!(await xlaAtHand())) return;
  await selectBackend('xla');
  assert.equal(tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])).arraySync(), [
    [0, 0, 0],
    [0, 0, 0],
  ]);
  assert.equal(tf.matMul(tf.zeros([0, 2]), tf.zeros([2, 3])).shape, [0, 3]);
});

test.after(async () => {
  await restoreBackend();
});

test.run();
