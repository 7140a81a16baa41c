import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { selectBackend, tf } from '../../../../model/backend/index.ts';
import type { WasmBackend } from '../../../../model/kernels/wasm/wasm-backend.ts';
import { type WasmLibrary, wasmLibrary } from '../../../../model/kernels/wasm/wasm-library.ts';
import { WasmThreads } from '../../../../model/kernels/wasm/wasm-threads.ts';
import { restoreBackend } from '../../../backend.ts';
import { randomValues } from '../../tiny-model.ts';
import type { ChildFindings } from './wasm-child.ts';

const test = suite('model/kernels/wasm-threads');
const root = fileURLToPath(new URL('../../../../', import.meta.url));
let library: WasmLibrary;
let threadsBefore: number;

test.before(async () => {
  await selectBackend('wasm');
  library = wasmLibrary(tf.backend() as unknown as WasmBackend);
  threadsBefore = library.threads;
});
test.after(async () => {
  library.useThreads(threadsBefore);
  await restoreBackend();
});

/** One matrix product, [...batch, rows, inner] times [inner, columns], either of them transposed or not. */
interface ProductCase {
  readonly what: string;
  readonly batch?: number;
  /** A right operand for each item of the batch. */
  readonly each?: boolean;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/** 42 million multiplications and additions each: threads take part from 40 million on. No size is a multiple of a tile's. */
const BY_ROWS: ProductCase = { what: 'cut by rows', rows: 301, inner: 270, columns: 261 };
const products: readonly ProductCase[] = [
  BY_ROWS,
  { what: 'cut by columns', rows: 261, inner: 270, columns: 301 },
  { what: 'more than one block of each', rows: 139, inner: 259, columns: 1041 },
  { what: 'a batch by one weight', batch: 2, rows: 151, inner: 270, columns: 261 },
  { what: 'a batch item by item', batch: 2, each: true, rows: 301, inner: 270, columns: 261 },
];

/** The product's bytes, in all four transpositions. */
function multiply({ batch, each, rows, inner, columns }: ProductCase): Buffer[] {
  const operand = (name: string, items: number | undefined, shape: [number, number], transposed: boolean): tf.Tensor => {
    const whole = [...(items === undefined ? [] : [items]), ...(transposed ? shape.toReversed() : shape)];
    return tf.tensor(valuesOf(name, tf.util.sizeFromShape(whole)), whole);
  };
  return [false, true].flatMap((transposeLeft) =>
    [false, true].map((transposeRight) =>
      tidied(() => {
        const left = operand('left', batch, [rows, inner], transposeLeft);
        const right = operand('right', each ? batch : undefined, [inner, columns], transposeRight);
        return bytesOf(tf.matMul(left, right, transposeLeft, transposeRight));
      }),
    ),
  );
}

const made = new Map<string, Float32Array>();

/** Numbers by their name, made once. */
function valuesOf(name: string, length: number): Float32Array {
  const key = `${name}/${length}`;
  const values = made.get(key) ?? randomValues(length, key);
  made.set(key, values);
  return values;
}

interface AttentionCase {
  readonly what: string;
  readonly batch: number;
  readonly positions: number;
  readonly channels: number;
  readonly heads: number;
  readonly window: number;
  readonly causal: boolean;
}

/** 40 million multiplications and additions at least. */
const FULL: AttentionCase = {
  what: 'full, a batch of 3',
  batch: 3,
  positions: 301,
  channels: 56,
  heads: 2,
  window: 0,
  causal: false,
};
const attentions: readonly AttentionCase[] = [
  FULL,
  { ...FULL, what: 'full, a batch of 2', batch: 2 },
  { ...FULL, what: 'full, a batch of 5, causal', batch: 5, causal: true },
  {
    what: 'in windows, a batch of 2',
    batch: 2,
    positions: 420,
    channels: 100,
    heads: 5,
    window: 60,
    causal: false,
  },
];

/** Output and what is kept of it, and the gradient. Row after row has fewer real keys, the last none. */
function attend({ batch, positions, channels, heads, window, causal }: AttentionCase): Buffer[] {
  return tidied(() => {
    const rows = batch * positions;
    const values = (name: string, columns: number) => tf.tensor2d(valuesOf(name, rows * columns), [rows, columns]);
    const mask = Float32Array.from({ length: batch * positions }, (_, place) => {
      const row = Math.floor(place / positions);
      return place % positions < positions * (1 - row / (batch - 1)) ? 1 : 0;
    });
    const operands = [
      values('projections', 3 * channels),
      tf.tensor2d(mask, [batch, positions]),
      tf.tensor3d(valuesOf('angles', (positions * channels) / heads), [positions, channels / heads / 2, 2]),
    ];
    const attributes = { heads, window, causal };
    const kept = library.run('CemAttention', attributes, operands, 2);
    const gradients = library.run('CemAttentionGradient', attributes, [...operands, ...kept, values('dy', channels)], 1);
    return [...kept, ...gradients].map(bytesOf);
  });
}

/** `tf.tidy`, but what is returned is not searched for tensors, which takes longer than all that is done here. */
function tidied<Result>(run: () => Result): Result {
  const results: Result[] = [];
  tf.tidy(() => {
    results.push(run());
  });
  return results[0]!;
}

function bytesOf(tensor: tf.Tensor): Buffer {
  return Buffer.from((tensor.dataSync() as Float32Array).slice().buffer);
}

function assertSameBytes(got: readonly Buffer[], expected: readonly Buffer[], what: string): void {
  assert.is(got.length, expected.length);
  got.forEach((bytes, index) => {
    assert.ok(bytes.equals(expected[index]!), `${what}: result ${index}`);
  });
}

/** What one thread makes of it. */
function alone<Result>(run: () => Result): Result {
  library.useThreads(1);
  return run();
}

/** From now on so many threads compute, and have begun. */
async function helpOf(count: number): Promise<void> {
  library.useThreads(count);
  multiply(BY_ROWS);
  await begun(() => library.hasHelp);
}

async function begun(ready: () => boolean): Promise<void> {
  const limit = Date.now() + 30_000;
  while (!ready()) {
    if (Date.now() > limit) assert.unreachable('threads have not begun in 30 s');
    await wait(5);
  }
}

/** Puts others in the place of some methods for the time of `run`. */
function withMethods<Result>(
  methods: Partial<Pick<WasmThreads, 'take' | 'startProducts' | 'startOps'>>,
  run: () => Result,
): Result {
  const prototype = WasmThreads.prototype;
  const { take, startProducts, startOps } = prototype;
  try {
    Object.assign(prototype, methods);
    return run();
  } finally {
    Object.assign(prototype, { take, startProducts, startOps });
  }
}

/** Runs, and counts how often threads got parts, and how many. */
function countingParts<Result>(run: () => Result): { result: Result; parts: number[] } {
  const parts: number[] = [];
  const { startProducts, startOps } = WasmThreads.prototype;
  const methods: Pick<WasmThreads, 'startProducts' | 'startOps'> = {
    startProducts(this: WasmThreads, operands) {
      parts.push(operands.length);
      startProducts.call(this, operands);
    },
    startOps(this: WasmThreads, ops) {
      parts.push(ops.length);
      startOps.call(this, ops);
    },
  };
  return { result: withMethods(methods, run), parts };
}

test('threads begin with the first large product, which does not wait for them', async () => {
  const expected = alone(() => multiply(BY_ROWS));
  library.useThreads(2);
  assert.is(library.threads, 2);
  tf.tidy(() => tf.matMul(tf.ones([20, 20]), tf.ones([20, 20])));
  await wait(20);
  assert.not(library.hasHelp);
  const { result, parts } = countingParts(() => multiply(BY_ROWS));
  assertSameBytes(result, expected, 'while they begin');
  // Of the four products the first has none; by the others they may have begun.
  assert.ok(parts.length < 4);
  await begun(() => library.hasHelp);
  const helped = countingParts(() => multiply(BY_ROWS));
  assertSameBytes(helped.result, expected, 'with help');
  assert.equal(helped.parts, [1, 1, 1, 1]);
  library.useThreads(1);
  assert.not(library.hasHelp);
});

for (const count of [2, 3]) {
  test(`products have the bytes of one thread on ${count}`, async () => {
    const expected = alone(() => products.map(multiply));
    await helpOf(count);
    for (const [index, one] of products.entries()) {
      const { result, parts } = countingParts(() => multiply(one));
      // Four transpositions; a transposed left operand is multiplied item by item, and then each product of the batch by one weight is too small.
      if (one.batch === undefined) assert.equal(parts, Array(4).fill(count - 1), one.what);
      if (one.each) assert.equal(parts, Array(8).fill(count - 1), one.what);
      if (one.batch && !one.each) assert.equal(parts, [count - 1, count - 1], one.what);
      assertSameBytes(result, expected[index]!, one.what);
    }
  });

  test(`attention and its gradients have the bytes of one thread on ${count}`, async () => {
    const expected = alone(() => attentions.map(attend));
    await helpOf(count);
    for (const [index, one] of attentions.entries()) {
      const { result, parts } = countingParts(() => attend(one));
      const others = Math.min(count, one.batch) - 1;
      assert.equal(parts, [others, others], one.what);
      assertSameBytes(result, expected[index]!, one.what);
    }
  });
}

test('numbers that are none pass through the parts of all threads', async () => {
  await helpOf(3);
  const { rows, inner, columns } = BY_ROWS;
  const left = new Float32Array(rows * inner).fill(1);
  left[inner - 1] = Number.NaN;
  left[(rows - 1) * inner] = Infinity;
  const { result, parts } = countingParts(() =>
    tidied(() => tf.matMul(tf.tensor2d(left, [rows, inner]), tf.ones([inner, columns])).dataSync()),
  );
  assert.equal(parts, [2]);
  const row = (index: number) => new Set(result.subarray(index * columns, (index + 1) * columns));
  assert.equal(
    [row(0), row(1), row(rows - 2), row(rows - 1)],
    [[Number.NaN], [inner], [inner], [Infinity]].map((values) => new Set(values)),
  );
});

test('what does not fit is refused as on one thread, and leaves nothing', async () => {
  await helpOf(3);
  const { batch, positions, channels } = FULL;
  tf.tidy(() => {
    const inputs = [tf.zeros([batch * positions, 3 * channels + 1]), tf.ones([batch, positions]), tf.zeros([positions])];
    const [tensors, buffers] = [tf.memory().numTensors, tf.backend().numDataIds()];
    assert.throws(
      () => library.run('CemAttention', { heads: 1, window: 0, causal: false }, inputs, 2),
      /^CemAttention of .*query, key and value should be \[\d+, 3 \* channels\] for a mask \[\d+, \d+\]$/,
    );
    assert.is(tf.memory().numTensors, tensors);
    assert.is(tf.backend().numDataIds(), buffers);
  });
});

test('a thread that fails in its part: this one does it all, and threads serve again', async () => {
  const expected = alone(() => [multiply(BY_ROWS), attend(FULL)].flat());
  await helpOf(3);
  const run = () => [multiply(BY_ROWS), attend(FULL)].flat();
  const { startProducts, startOps } = WasmThreads.prototype;
  const failing: Pick<WasmThreads, 'startProducts' | 'startOps'> = {
    // An address without memory, and an op behind the last one.
    startProducts(this: WasmThreads, operands) {
      startProducts.call(
        this,
        operands.map((words, part) => (part === 0 ? [-64, ...words.slice(1)] : words)),
      );
    },
    startOps(this: WasmThreads, ops) {
      startOps.call(
        this,
        ops.map((op, part) => (part === 1 ? { ...op, place: library.ops.length } : op)),
      );
    },
  };
  assertSameBytes(withMethods(failing, run), expected, 'with a thread that fails');
  const { result, parts } = countingParts(run);
  assertSameBytes(result, expected, 'afterwards');
  assert.equal(parts, Array(6).fill(2));
});

test('however often a thread has failed, it serves', async () => {
  const threads = new WasmThreads(2);
  try {
    await begun(() => threads.ready);
    const block = threads.take(64 * 4)!;
    const [scratch, left, right, output] = [threads.take(2 ** 21)!, ...[0, 1, 2].map(() => threads.take(64)!)] as [
      number,
      number,
      number,
      number,
    ];
    threads.floats(left, 16).fill(2);
    threads.floats(right, 16).fill(3);
    const behindLast = { place: library.ops.length, inputs: block, inputCount: 0, attributes: block, outputs: block };
    const words = [left, 4, 0, right, 4, 0, 4, 4, 4, output, 4, scratch];
    // Both, then the first alone: a stack of 64 KiB would be used up by what each failure left on it.
    for (let time = 0; time < 3000; time++) {
      const parts = time === 0 ? 2 : 1;
      threads.startOps(Array(parts).fill(behindLast));
      assert.not(threads.finish(parts));
    }
    threads.floats(output, 16).fill(0);
    threads.startProducts([words]);
    assert.ok(threads.finish(1));
    // 4 products of 2 and 3.
    assert.equal([...threads.floats(output, 16)], Array(16).fill(24));
  } finally {
    threads.close();
  }
});

test('where the threads have no memory for a part, whichever, this thread does it all', async () => {
  const expected = alone(() => [multiply(BY_ROWS), attend(FULL)].flat());
  await helpOf(3);
  const { take } = WasmThreads.prototype;
  for (const refused of [0, 1, 2, 3, 5]) {
    let asked = 0;
    const { result, parts } = countingParts(() =>
      withMethods(
        {
          take(this: WasmThreads, bytes) {
            return asked++ % 8 >= refused ? undefined : take.call(this, bytes);
          },
        },
        () => [multiply(BY_ROWS), attend(FULL)].flat(),
      ),
    );
    assert.equal(parts, [], `from ${refused} on`);
    assertSameBytes(result, expected, `from ${refused} on`);
  }
});

test('a memory that cannot grow so far refuses and keeps what it gave', () => {
  const threads = new WasmThreads(1);
  try {
    const address = threads.take(64)!;
    threads.floats(address, 16).fill(5);
    // All of its memory is 2 GiB.
    assert.is(threads.take(2 ** 31), undefined);
    assert.is(threads.take(64), address + 64);
    assert.equal([...threads.floats(address, 16)], Array(16).fill(5));
    threads.begin();
    assert.is(threads.take(64), address);
  } finally {
    threads.close();
  }
});

test('a process ends although threads wait; behind 2 GiB of memory there are the same bytes', () => {
  const source = JSON.stringify(new URL('./wasm-child.ts', import.meta.url).href);
  const program = `import(${source}).then(({ childFindings }) => childFindings()).then((found) => console.log(JSON.stringify(found)))`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '-e', program], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.is(status, 0, stderr);
  const { hashes, address } = JSON.parse(stdout) as ChildFindings;
  assert.is(hashes.length, 4);
  assert.equal(new Set(hashes).size, 1, `${hashes}`);
  if (address < 2 ** 31) console.log('not tried: tensors behind 2 GiB, for which there is no memory here');
});

test.run();
