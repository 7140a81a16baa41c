import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError, isCemError } from '../../../../../base/index.ts';
import {
  type ElementType,
  type HostArray,
  type PjrtBuffer,
  PjrtClient,
  type PjrtExecutable,
} from '../../../../../model/backend/xla/pjrt/index.ts';
import { cpuPlugin, sayThatSkipped } from './cpu-plugin.ts';

const test = suite('model/backend/xla/pjrt/client');
const plugin = cpuPlugin();

function errorOf(run: () => unknown): CemError {
  try {
    run();
  } catch (error) {
    if (isCemError(error)) return error;
    throw error;
  }
  return new CemError('NONE', 'nothing was thrown');
}

/** a + a in a's own memory, and a b in bfloat16. */
const PROGRAM = `
module @sum_and_product {
  func.func public @main(%a: tensor<2x3xf32> {tf.aliasing_output = 0 : i32}, %b: tensor<3x2xf32>) -> (tensor<2x3xf32>, tensor<2x2xbf16>) {
    %0 = stablehlo.add %a, %a : tensor<2x3xf32>
    %1 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
    %2 = stablehlo.convert %1 : (tensor<2x2xf32>) -> tensor<2x2xbf16>
    return %0, %2 : tensor<2x3xf32>, tensor<2x2xbf16>
  }
}`;

/** Both inputs of PROGRAM: [[1, 2, 3], [4, 5, 6]] and [[1, 0], [0, 1], [1, 1]], whose product is [[4, 5], [10, 11]]. */
function inputs(client: PjrtClient): { readonly a: PjrtBuffer; readonly b: PjrtBuffer } {
  const a = client.upload(Float32Array.of(1, 2, 3, 4, 5, 6), 'f32', [2, 3]);
  const b = client.upload(Float32Array.of(1, 0, 0, 1, 1, 1), 'f32', [3, 2]);
  return { a, b };
}

/** The upper half of a float32's bits: 4 is 2^2 (0x4080), 5 is 1.25 x 2^2 (0x40a0), 10 is 1.25 x 2^3 (0x4120), 11 is 1.375 x 2^3 (0x4130). */
const PRODUCT_BITS = Uint16Array.of(0x4080, 0x40a0, 0x4120, 0x4130);

/** A test that gets a client of the CPU's plugin, closed afterwards. */
function testWithClient(name: string, run: (client: PjrtClient) => void | Promise<void>): void {
  test(name, async () => {
    const client = PjrtClient.open(plugin!);
    try {
      await run(client);
    } finally {
      client.close();
    }
  });
}

if (plugin) {
  testWithClient('a client says what it is', (client) => {
    assert.is(client.platform, 'cpu');
    assert.match(client.apiVersion, /^0\.\d+$/);
    assert.ok(client.devices.length > 0);
    assert.is(client.devices[0]?.kind, 'cpu');
  });

  testWithClient('a program runs: sums, products, bfloat16', async (client) => {
    const program = client.compile(PROGRAM);
    assert.equal(program.outputs, [
      { type: 'f32', shape: [2, 3] },
      { type: 'bf16', shape: [2, 2] },
    ]);
    const { a, b } = inputs(client);
    const [sum, product] = program.execute([a, b]);
    assert.equal(sum!.read(), Float32Array.of(2, 4, 6, 8, 10, 12));
    assert.equal(await product!.readAsync(), PRODUCT_BITS);
    assert.equal(product!.read(), PRODUCT_BITS);
    // Only what the program donates is gone.
    assert.ok(a.isDisposed);
    assert.not(b.isDisposed);
    assert.is(client.liveBuffers, 3);
    for (const buffer of [b, sum!, product!, product!]) buffer.dispose();
    assert.is(client.liveBuffers, 0);
  });

  testWithClient('every type goes to the device and comes back', (client) => {
    const values: readonly (readonly [ElementType, HostArray])[] = [
      ['f32', Float32Array.of(1.5, -2)],
      ['bf16', PRODUCT_BITS.slice(0, 2)],
      ['f16', Uint16Array.of(0x3c00, 0xc000)],
      ['s32', Int32Array.of(-1, 2 ** 31 - 1)],
      ['u32', Uint32Array.of(1, 2 ** 32 - 1)],
      ['s64', BigInt64Array.of(-1n, 2n ** 62n)],
      ['pred', Uint8Array.of(0, 1)],
      ['u8', Uint8Array.of(7, 255)],
    ];
    for (const [type, array] of values) {
      const buffer = client.upload(array, type, [2, 1]);
      assert.equal(buffer.read(), array, type);
      assert.equal(buffer.shape, [2, 1]);
    }
    assert.equal(client.upload(Float32Array.of(3), 'f32', []).read(), Float32Array.of(3));
    assert.equal(client.upload(new Float32Array(0), 'f32', [0, 4]).read(), new Float32Array(0));
  });

  testWithClient('data may change after it was uploaded, and a buffer be disposed of while it is read', async (client) => {
    const data = new Float32Array(100_000).fill(1);
    const buffer = client.upload(data, 'f32', [data.length]);
    data.fill(2);
    const reading = buffer.readAsync();
    buffer.dispose();
    assert.ok((await reading).every((value) => Number(value) === 1));
  });

  testWithClient('wrong programs say what the plugin says', (client) => {
    const noDialect = errorOf(() => client.compile('module { func }'));
    assert.is(noDialect.code, 'XLA_COMPILE');
    assert.match(noDialect.message, /error: .*func/);
    const wrongTypes = errorOf(() => client.compile(PROGRAM.replace('-> tensor<2x2xf32>', '-> tensor<2x3xf32>')));
    assert.is(wrongTypes.code, 'XLA_COMPILE');
    assert.is(errorOf(() => client.load(Uint8Array.of(1, 2, 3))).code, 'XLA_EXECUTABLE');
    assert.is(errorOf(() => client.compile(PROGRAM, { partitions: 1000 })).code, 'XLA_DEVICES');
  });

  testWithClient('wrong inputs are errors, and what lives goes on living', (client) => {
    const program = client.compile(PROGRAM);
    const { a, b } = inputs(client);
    const small = client.upload(Float32Array.of(1), 'f32', [1]);
    assert.match(errorOf(() => program.execute([a])).message, /1 buffers .*expected 2/);
    assert.is(errorOf(() => program.execute([a, small])).code, 'XLA_EXECUTE');
    assert.is(errorOf(() => client.upload(Float32Array.of(1, 2), 'f32', [3])).code, 'XLA_SHAPE');
    assert.is(errorOf(() => client.upload(Float32Array.of(1, 2), 's32', [2])).code, 'XLA_SHAPE');
    if (!a.isDisposed) assert.is(program.execute([a, b]).length, 2);
  });

  testWithClient('what is dead is an error, not a crash', (client) => {
    const program = client.compile(PROGRAM);
    const { a, b } = inputs(client);
    program.execute([a, b]);
    assert.is(errorOf(() => program.execute([a, b])).code, 'XLA_DISPOSED');
    assert.is(errorOf(() => a.read()).code, 'XLA_DISPOSED');
    const other = PjrtClient.open(plugin);
    const foreign = inputs(other);
    assert.is(errorOf(() => program.execute([foreign.a, b])).code, 'XLA_CLIENT');
    other.close();
    assert.is(errorOf(() => foreign.b.read()).code, 'XLA_DISPOSED');
    program.dispose();
    program.dispose();
    assert.is(errorOf(() => program.execute([a, b])).code, 'XLA_DISPOSED');
    client.close();
    assert.is(errorOf(() => client.compile(PROGRAM)).code, 'XLA_DISPOSED');
    b.dispose();
  });

  testWithClient('a serialized program computes the same', (client) => {
    const serialized = client.compile(PROGRAM).serialize();
    const { a, b } = inputs(client);
    const program: PjrtExecutable = client.load(serialized);
    assert.is(program.outputs.length, 2);
    const [sum, product] = program.execute([a, b]);
    assert.equal(sum!.read(), Float32Array.of(2, 4, 6, 8, 10, 12));
    assert.equal(product!.read(), PRODUCT_BITS);
    assert.ok(a.isDisposed);
  });

  test('what cannot be started says why', () => {
    const error = errorOf(() => PjrtClient.open({ path: '/nowhere/libpjrt.so' }));
    assert.is(error.code, 'BACKEND_UNAVAILABLE');
    assert.match(error.message, /nowhere.*cannot open shared object file/);
    assert.is(errorOf(() => PjrtClient.open(plugin, 1000)).code, 'XLA_DEVICE');
  });
} else {
  test('skipped without a plugin', sayThatSkipped);
}

test.run();
