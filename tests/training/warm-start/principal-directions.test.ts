import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { coordinates, principalDirections } from '../../../training/warm-start/principal-directions.ts';
import { randomValues } from '../../model/tiny-model.ts';

const test = suite('principal directions');

const close = (a: number, b: number) => Math.abs(a - b) < 1e-5;

test('the direction with most squared length comes first, a mean is not taken off', () => {
  // Along (3, 4) / 5 the squares are 4 * 100, along (4, -3) / 5 they are 2, along the last axis 18.
  const vectors = Float32Array.of(6, 8, 3, 6, 8, -3, 6.8, 7.4, 0, 5.2, 8.6, 0);
  const directions = principalDirections(vectors, 3, 2);
  const [first, second] = [directions.subarray(0, 3), directions.subarray(3)];
  const sign = Math.sign(first[0]!);
  assert.ok(
    [0.6, 0.8, 0].every((value, i) => close(sign * first[i]!, value)),
    String(first),
  );
  assert.ok(
    [0, 0, 1].every((value, i) => close(Math.abs(second[i]!), value)),
    String(second),
  );
  const found = coordinates(vectors, directions, 3, 4);
  // Four columns for two directions: the others are zero.
  assert.ok(
    [10, 3, 0, 0].every((value, i) => close(Math.abs(found[i]!), value)),
    String(found),
  );
});

test('all directions keep vectors whole', () => {
  const dimension = 6;
  const vectors = randomValues(5 * dimension, 'vectors');
  const directions = principalDirections(vectors, dimension, dimension);
  const found = coordinates(vectors, directions, dimension, dimension);
  for (let row = 0; row < 5; row++) {
    for (let i = 0; i < dimension; i++) {
      let sum = 0;
      for (let k = 0; k < dimension; k++) sum += found[row * dimension + k]! * directions[k * dimension + i]!;
      assert.ok(close(sum, vectors[row * dimension + i]!));
    }
  }
});

test.run();
