import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { randomizedSvd } from '../../../encoders/lsa/randomized-svd.ts';
import type { SparseMatrix } from '../../../encoders/lsa/sparse-matrix.ts';

const test = suite('randomized svd');

/** A random sparse matrix and the same numbers dense; every column's scale falls, so that the spectrum does. */
function randomMatrix(rows: number, columns: number, density: number, seed: number): { sparse: SparseMatrix; dense: Matrix } {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const dense = Matrix.zeros(rows, columns);
  const starts = new Float64Array(rows + 1);
  const indices: number[] = [];
  const values: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (random() > density) continue;
      const value = Math.fround((random() * 2 - 1) / (1 + column / 10));
      dense.set(row, column, value);
      indices.push(column);
      values.push(value);
    }
    starts[row + 1] = indices.length;
  }
  return { sparse: { rows, columns, starts, indices: Uint32Array.from(indices), values: Float32Array.from(values) }, dense };
}

const options = { rank: 12, oversampling: 10, iterations: 30, seed: 1 };

for (const [rows, columns] of [
  [61, 150],
  [150, 61],
] as const) {
  test(`${rows} x ${columns}: values and vectors of a dense decomposition`, () => {
    const { sparse, dense } = randomMatrix(rows, columns, 0.2, 7);
    const { rank, values, vectors } = randomizedSvd(sparse, options);
    const full = new SingularValueDecomposition(dense, { autoTranspose: true });
    assert.is(rank, 12);
    for (let k = 0; k < rank; k++) {
      assert.ok(
        Math.abs(values[k]! - full.diagonal[k]!) < 1e-6 * full.diagonal[0]!,
        `value ${k}: ${values[k]} for ${full.diagonal[k]}`,
      );
      let product = 0;
      for (let row = 0; row < columns; row++) product += vectors[row * rank + k]! * full.rightSingularVectors.get(row, k);
      assert.ok(Math.abs(Math.abs(product) - 1) < 1e-4, `vector ${k}: ${product}`);
    }
  });
}

test('columns are orthonormal after few iterations too, the largest entry is positive', () => {
  const { sparse } = randomMatrix(80, 50, 0.3, 3);
  const { rank, vectors } = randomizedSvd(sparse, { ...options, iterations: 0 });
  for (let a = 0; a < rank; a++) {
    const column = Array.from({ length: 50 }, (_, row) => vectors[row * rank + a]!);
    assert.is(Math.max(...column), Math.max(...column.map(Math.abs)));
    for (let b = 0; b <= a; b++) {
      const product = column.reduce((sum, value, row) => sum + value * vectors[row * rank + b]!, 0);
      assert.ok(Math.abs(product - (a === b ? 1 : 0)) < 1e-10);
    }
  }
});

test('a matrix of lower rank gives fewer triplets', () => {
  // Two different rows, each twice: rank 2.
  const sparse = {
    rows: 4,
    columns: 5,
    starts: Float64Array.of(0, 2, 3, 5, 6),
    indices: Uint32Array.of(0, 3, 1, 0, 3, 1),
    values: Float32Array.of(1, 2, 3, 1, 2, 3),
  };
  const { rank, values } = randomizedSvd(sparse, { ...options, rank: 4 });
  assert.is(rank, 2);
  assert.ok(Math.abs(values[0]! - Math.sqrt(18)) < 1e-9 && Math.abs(values[1]! - Math.sqrt(10)) < 1e-9);
  const empty = { rows: 3, columns: 4, starts: new Float64Array(4), indices: new Uint32Array(0), values: new Float32Array(0) };
  assert.is(randomizedSvd(empty, options).rank, 0);
  assert.is(randomizedSvd({ ...empty, columns: 0 }, options).rank, 0);
});

test('the same seed gives the same bytes, another seed other ones', () => {
  const { sparse } = randomMatrix(60, 90, 0.2, 5);
  const run = (seed: number) => randomizedSvd(sparse, { ...options, iterations: 1, seed }).vectors;
  assert.equal(run(1), run(1));
  assert.not.equal(run(1), run(2));
});

test.run();
