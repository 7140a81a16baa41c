import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type RegressionMatrix, ridgeRegression } from '../../../training/warm-start/ridge-regression.ts';
import { randomValues } from '../../model/tiny-model.ts';

const test = suite('ridge regression');

const TEXTS = 30;
const WIDTH = 8;
/** Rows of two tables. */
const ROWS = [7, 13];
const ALL_ROWS = 20;

/** A held matrix [texts, all rows], with loops. */
function denseMatrix(values: Float32Array): RegressionMatrix {
  const offsets = [0, ROWS[0]!];
  const at = (text: number, table: number, row: number) => values[text * ALL_ROWS + offsets[table]! + row]!;
  const unknowns = () => ROWS.map((rows) => new Float32Array(rows * WIDTH));
  return {
    width: WIDTH,
    columnSquares: ROWS.map((rows, table) =>
      Float32Array.from({ length: rows }, (_, row) => {
        let sum = 0;
        for (let text = 0; text < TEXTS; text++) sum += at(text, table, row) ** 2;
        return sum;
      }),
    ),
    unknowns,
    apply: (x) => {
      const image = new Float32Array(TEXTS * WIDTH);
      for (let text = 0; text < TEXTS; text++)
        ROWS.forEach((rows, table) => {
          for (let row = 0; row < rows; row++)
            for (let c = 0; c < WIDTH; c++) image[text * WIDTH + c]! += at(text, table, row) * x[table]![row * WIDTH + c]!;
        });
      return image;
    },
    applyTransposed: (y) => {
      const gradient = unknowns();
      for (let text = 0; text < TEXTS; text++)
        ROWS.forEach((rows, table) => {
          for (let row = 0; row < rows; row++)
            for (let c = 0; c < WIDTH; c++) gradient[table]![row * WIDTH + c]! += at(text, table, row) * y[text * WIDTH + c]!;
        });
      return gradient;
    },
  };
}

/** (A^T A + ridge)^-1 A^T Y by elimination in float64: [all rows, width]. */
function closedForm(values: Float32Array, targets: Float32Array, ridge: number): Float64Array[] {
  const system = Array.from({ length: ALL_ROWS }, (_, i) => {
    const row = new Float64Array(ALL_ROWS + WIDTH);
    for (let text = 0; text < TEXTS; text++) {
      const value = values[text * ALL_ROWS + i]!;
      for (let j = 0; j < ALL_ROWS; j++) row[j]! += value * values[text * ALL_ROWS + j]!;
      for (let c = 0; c < WIDTH; c++) row[ALL_ROWS + c]! += value * targets[text * WIDTH + c]!;
    }
    row[i]! += ridge;
    return row;
  });
  for (let pivot = 0; pivot < ALL_ROWS; pivot++) {
    const scale = system[pivot]![pivot]!;
    for (let j = 0; j < ALL_ROWS + WIDTH; j++) system[pivot]![j]! /= scale;
    for (let i = 0; i < ALL_ROWS; i++) {
      const factor = system[i]![pivot]!;
      if (i !== pivot) for (let j = 0; j < ALL_ROWS + WIDTH; j++) system[i]![j]! -= factor * system[pivot]![j]!;
    }
  }
  return system.map((row) => row.subarray(ALL_ROWS));
}

test('conjugate gradients reach the closed form, every right-hand side at its own pace', () => {
  const values = randomValues(TEXTS * ALL_ROWS, 'matrix');
  // Columns of very different sizes, and one that no text has.
  for (let text = 0; text < TEXTS; text++) {
    values[text * ALL_ROWS + 2]! *= 30;
    values[text * ALL_ROWS + 11]! *= 0.05;
    values[text * ALL_ROWS + 15] = 0;
  }
  const targets = randomValues(TEXTS * WIDTH, 'targets');
  // A right-hand side of zeros has nothing to be solved.
  for (let text = 0; text < TEXTS; text++) targets[text * WIDTH + 3] = 0;
  const ridge = 0.2;
  const residuals: number[] = [];
  const options = { ridge, iterations: 200, onIteration: (_: number, left: number) => residuals.push(left) };
  const { unknowns, residual } = ridgeRegression(denseMatrix(values), targets, options);
  const expected = closedForm(values, targets, ridge);
  const found = [...unknowns[0]!, ...unknowns[1]!];
  expected.forEach((row, index) => {
    row.forEach((value, c) => {
      const got = found[index * WIDTH + c]!;
      assert.ok(Math.abs(got - value) < 1e-4 * (1 + Math.abs(value)), `row ${index}, column ${c}: ${got}, not ${value}`);
    });
  });
  assert.equal([...unknowns[1]!.subarray(8 * WIDTH, 9 * WIDTH)], Array(WIDTH).fill(0), 'a row that no text has');
  // In exact arithmetic 20 unknowns take 20 rounds; it ends by itself.
  assert.ok(residuals.length >= 10 && residuals.length < 100, `${residuals.length} rounds`);
  assert.is(residual, residuals.at(-1));
  assert.ok(residual > 0 && residual < residuals[0]! && residuals[0]! < 1);
});

test('targets of zeros give zeros', () => {
  const matrix = denseMatrix(randomValues(TEXTS * ALL_ROWS, 'matrix'));
  const { unknowns, residual } = ridgeRegression(matrix, new Float32Array(TEXTS * WIDTH), { ridge: 1, iterations: 5 });
  assert.is(residual, 0);
  assert.ok(unknowns.every((values) => values.every((value) => value === 0)));
});

test.run();
