import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { binaryCode, codeBytes, queryTables } from '../../../search/codes/binary-code.ts';
import { Rotation } from '../../../search/codes/rotation.ts';

const test = suite('binary codes');

function unitVector(numbers: RandomNumbers, dimension: number): Float32Array {
  const vector = Float32Array.from({ length: dimension }, () => numbers.normal());
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

const product = (left: Float32Array, right: Float32Array): number =>
  left.reduce((sum, value, index) => sum + value * right[index]!, 0);

/** A code's signs, one a value: 1 or -1. */
const signsOf = (code: Uint8Array, dimension: number): Float32Array =>
  Float32Array.from({ length: dimension }, (_, index) => ((code[index >> 3]! & (0x80 >> (index & 7))) === 0 ? -1 : 1));

test('a rotation keeps inner products, whatever the dimension, and spreads one value over many', () => {
  const numbers = new RandomNumbers(1, 'rotation');
  for (const dimension of [1, 2, 3, 8, 33, 384, 1024]) {
    const rotation = new Rotation(dimension, 1);
    const [left, right] = [unitVector(numbers, dimension), unitVector(numbers, dimension)];
    const rotated = [rotation.apply(left), rotation.apply(right)] as const;
    // Sums of dimension rounded products, each off by 2^-24 of its size.
    assert.ok(Math.abs(product(...rotated) - product(left, right)) < 1e-5, `${dimension}`);
    assert.ok(Math.abs(product(rotated[0], rotated[0]) - 1) < 1e-5);
  }
  const axis = new Float32Array(384);
  axis[200] = 1;
  // A quarter of the values of a random direction are larger than 0.06; of an axis left as it is one would be.
  assert.ok(new Rotation(384, 1).apply(axis).filter((value) => Math.abs(value) > 0.01).length > 200);
});

test('a code is the signs of the rotated values, the first one highest, and is the same for ever', () => {
  const numbers = new RandomNumbers(1, 'code');
  for (const dimension of [1, 7, 8, 12, 384]) {
    const vector = unitVector(numbers, dimension);
    const rotated = new Rotation(dimension, 1).apply(vector);
    const code = binaryCode(vector);
    assert.is(code.length, codeBytes(dimension));
    assert.equal(
      signsOf(code, dimension),
      rotated.map((value) => (value > 0 ? 1 : -1)),
    );
  }
  // Indexes hold codes: what is computed here must stay what it was.
  const vector = Float32Array.from({ length: 16 }, (_, index) => (index - 7.5) / 20);
  assert.is(Buffer.from(binaryCode(vector)).toString('hex'), '1aa4');
});

test('the entries of a code add up to its inner product with the query, in equal steps from the lowest on', () => {
  const numbers = new RandomNumbers(1, 'tables');
  for (const dimension of [1, 3, 8, 31, 384, 4096]) {
    const query = unitVector(numbers, dimension);
    const rotated = new Rotation(dimension, 1).apply(query);
    const tables = queryTables(query);
    assert.is(tables.length, 32 * codeBytes(dimension));
    assert.ok(tables.every((entry) => entry <= 127));
    const reach = rotated.reduce((sum, value) => sum + Math.abs(value), 0);
    const halves = 2 * codeBytes(dimension);
    const ranges = Array.from({ length: halves }, (_, half) =>
      rotated.slice(4 * half, 4 * half + 4).reduce((sum, value) => sum + 2 * Math.abs(value), 0),
    );
    const step = Math.max(Math.max(...ranges) / 127, (2 * reach) / (65_535 - halves));
    for (let row = 0; row < 20; row++) {
      const code = binaryCode(unitVector(numbers, dimension));
      let score = 0;
      for (let index = 0; index < code.length; index++)
        score += tables[32 * index + (code[index]! >> 4)]! + tables[32 * index + 16 + (code[index]! & 15)]!;
      assert.ok(score <= 65_535);
      const estimate = score * step - reach;
      // Each half is rounded by at most half a step.
      assert.ok(Math.abs(estimate - product(rotated, signsOf(code, dimension))) <= (halves * step) / 2 + 1e-5, `${dimension}`);
    }
  }
});

test.run();
