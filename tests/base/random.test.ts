import { createHash } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../base/random.ts';

const test = suite('random numbers');

/** xoshiro128** as its authors define it, in BigInt arithmetic, with the state that the seed and the name hash to. */
function* reference(seed: number, name: string): Generator<number> {
  const digest = createHash('sha256').update(`${seed}/${name}`).digest();
  const state = [0, 4, 8, 12].map((at) => BigInt(digest.readUInt32LE(at)));
  state[3] = state[3]! | 1n;
  const word = (value: bigint) => BigInt.asUintN(32, value);
  const rotate = (value: bigint, bits: bigint) => word(value << bits) | (value >> (32n - bits));
  for (;;) {
    yield Number(word(rotate(word(state[1]! * 5n), 7n) * 9n));
    const shifted = word(state[1]! << 9n);
    state[2] = state[2]! ^ state[0]!;
    state[3] = state[3]! ^ state[1]!;
    state[1] = state[1]! ^ state[2]!;
    state[0] = state[0]! ^ state[3]!;
    state[2] = state[2]! ^ shifted;
    state[3] = rotate(state[3]!, 11n);
  }
}

test('equals xoshiro128** in BigInt arithmetic', () => {
  for (const name of ['a', 'order/passages/0', '']) {
    const random = new RandomNumbers(-3, name);
    const expected = reference(-3, name);
    for (let i = 0; i < 500; i++) assert.is(random.uint32(), expected.next().value);
  }
});

test('a stream depends on seed and name', () => {
  const first = (seed: number, name: string) => new RandomNumbers(seed, name).uint32();
  assert.is(first(1, 'a'), first(1, 'a'));
  assert.is.not(first(1, 'a'), first(2, 'a'));
  assert.is.not(first(1, 'a'), first(1, 'b'));
});

test('integers cover 0..limit-1 evenly', () => {
  const random = new RandomNumbers(1, 'integers');
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) counts[random.integer(10)]!++;
  // Binomial(10000, 0.1): standard deviation 30; five of them.
  for (const count of counts) assert.ok(Math.abs(count - 1000) < 150, `${count}`);
});

test('the truncated normal has its mean, its deviation, and nothing beyond 3 sigma', () => {
  const values = new Float32Array(20_000);
  new RandomNumbers(1, 'normal').fillTruncatedNormal(values, 0.5);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  assert.ok(Math.abs(mean) < 0.02, `mean ${mean}`);
  // Cut at 3 sigma the deviation is sigma * sqrt(1 - 6 phi(3) / (2 Phi(3) - 1)) = 0.9866 sigma.
  assert.ok(Math.abs(deviation - 0.4933) < 0.02, `deviation ${deviation}`);
  assert.ok(values.every((value) => Math.abs(value) <= 1.5));
});

test('a shuffle is a permutation, and each place is as likely as another', () => {
  const random = new RandomNumbers(1, 'shuffle');
  const firstPlaces = new Array<number>(5).fill(0);
  for (let i = 0; i < 5000; i++) {
    const values = Int32Array.from([0, 1, 2, 3, 4]);
    random.shuffle(values);
    assert.equal([...values].sort(), [0, 1, 2, 3, 4]);
    firstPlaces[values.indexOf(0)]!++;
  }
  // Binomial(5000, 0.2): standard deviation 28; five of them.
  for (const count of firstPlaces) assert.ok(Math.abs(count - 1000) < 142, `${count}`);
});

test.run();
