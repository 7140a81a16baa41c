import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../model/backend/index.ts';
import { lossConfigSchema } from '../../training/config.ts';
import { combinedLoss } from '../../training/losses/combined.ts';
import { distillation } from '../../training/losses/distillation.ts';
import { falseNegatives } from '../../training/losses/false-negatives.ts';
import { infoNce } from '../../training/losses/info-nce.ts';
import { triplet } from '../../training/losses/triplet.ts';
import { testBackend } from '../backend.ts';
import { randomValues } from '../model/tiny-model.ts';

const test = suite('losses');
test.before(async () => {
  await testBackend();
});

type Vectors = number[][];

function unitVectors(rows: number, dimension: number, name: string): Vectors {
  const values = randomValues(rows * dimension, name);
  return Array.from({ length: rows }, (_, row) => {
    const vector = [...values.subarray(row * dimension, (row + 1) * dimension)];
    const norm = Math.hypot(...vector);
    return vector.map((value) => value / norm);
  });
}

const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const student = unitVectors(9, 6, 'student');
const teacher = unitVectors(9, 6, 'teacher');
// Documents 2 and 5 are the same to the teacher, 7 is near to 1: no negatives of each other.
teacher[5] = [...teacher[2]!];
const near = teacher[1]!.map((value, i) => value + (i === 0 ? 0.05 : 0));
teacher[7] = near.map((value) => value / Math.hypot(...near));
const MARGIN = 0.05;
const isFalseNegative = (i: number, j: number, margin: number) => i !== j && dot(teacher[i]!, teacher[j]!) > 1 - margin;

/** A loss's value and its gradient for the student's vectors. */
function evaluate(loss: (s: tf.Tensor2D, t: tf.Tensor2D) => tf.Scalar): { value: number; gradient: number[][] } {
  return tf.tidy(() => {
    const t = tf.tensor2d(teacher);
    const { value, grad } = tf.valueAndGrad((s: tf.Tensor) => loss(s as tf.Tensor2D, t))(tf.tensor2d(student));
    return { value: value.dataSync()[0]!, gradient: grad.arraySync() as number[][] };
  });
}

/** Compares value and gradient with a plain function of the student's vectors. */
function compare(loss: (s: tf.Tensor2D, t: tf.Tensor2D) => tf.Scalar, plain: (s: Vectors) => number): void {
  const { value, gradient } = evaluate(loss);
  assert.ok(Math.abs(value - plain(student)) < 1e-4 * Math.max(1, Math.abs(value)), `${value} for ${plain(student)}`);
  const step = 1e-6;
  student.forEach((vector, row) => {
    vector.forEach((_, channel) => {
      const at = (change: number) =>
        plain(
          student.map((other, i) => (i === row ? other.map((number, c) => (c === channel ? number + change : number)) : other)),
        );
      const numeric = (at(step) - at(-step)) / (2 * step);
      const got = gradient[row]![channel]!;
      assert.ok(
        Math.abs(got - numeric) < 1e-3 * Math.max(1, Math.abs(numeric)),
        `[${row}, ${channel}]: ${got}, numeric ${numeric}`,
      );
    });
  });
}

test('distillation, cosine and MSE; on unit vectors the second is twice the first', () => {
  compare(
    (s, t) => distillation(s, t, 'cosine'),
    (s) => mean(s.map((vector, i) => 1 - dot(vector, teacher[i]!))),
  );
  compare(
    (s, t) => distillation(s, t, 'mse'),
    (s) => mean(s.map((vector, i) => vector.reduce((sum, value, c) => sum + (value - teacher[i]![c]!) ** 2, 0))),
  );
  const cosine = evaluate((s, t) => distillation(s, t, 'cosine')).value;
  assert.ok(Math.abs(evaluate((s, t) => distillation(s, t, 'mse')).value - 2 * cosine) < 1e-5);
});

test('false negatives are those that the teacher puts nearer than 1 - margin, never the positive itself', () => {
  const mask = tf.tidy(() => falseNegatives(tf.tensor2d(teacher), MARGIN).arraySync());
  mask.forEach((row, i) => {
    row.forEach((value, j) => {
      assert.is(value, isFalseNegative(i, j, MARGIN) ? 1 : 0, `${i}, ${j}`);
    });
  });
  assert.equal([mask[2]![5], mask[5]![2], mask[1]![7], mask[7]![1]], [1, 1, 1, 1]);
  assert.is(mask.flat().filter((value) => value === 1).length, 4);
});

test('InfoNCE: cross-entropy over the batch without false negatives', () => {
  for (const [temperature, falseNegativeMargin] of [
    [0.05, MARGIN],
    [1, MARGIN],
    [0.2, 0],
  ] as const) {
    compare(
      (s, t) => infoNce(s, t, { temperature, falseNegativeMargin }),
      (s) =>
        mean(
          s.map((vector, i) => {
            const scores = teacher.map((other) => dot(vector, other) / temperature);
            const seen = scores.filter((_, j) => !isFalseNegative(i, j, falseNegativeMargin));
            const largest = Math.max(...seen);
            return largest + Math.log(seen.reduce((sum, score) => sum + Math.exp(score - largest), 0)) - scores[i]!;
          }),
        ),
    );
  }
});

test('triplet: the hardest negative of the batch that is no false one', () => {
  for (const margin of [0.1, 1]) {
    compare(
      (s, t) => triplet(s, t, { margin, falseNegativeMargin: MARGIN }),
      (s) =>
        mean(
          s.map((vector, i) => {
            const negatives = teacher
              .filter((_, j) => j !== i && !isFalseNegative(i, j, MARGIN))
              .map((other) => dot(vector, other));
            return Math.max(0, margin + Math.max(...negatives) - dot(vector, teacher[i]!));
          }),
        ),
    );
  }
});

test('a batch of one has no negatives: contrast costs nothing', () => {
  const [one] = student;
  const value = (loss: (s: tf.Tensor2D, t: tf.Tensor2D) => tf.Scalar) =>
    tf.tidy(() => loss(tf.tensor2d([one!]), tf.tensor2d([teacher[0]!])).dataSync()[0]!);
  assert.ok(Math.abs(value((s, t) => infoNce(s, t, { temperature: 0.05, falseNegativeMargin: MARGIN }))) < 1e-5);
  assert.is(
    value((s, t) => triplet(s, t, { margin: 0.1, falseNegativeMargin: MARGIN })),
    0,
  );
});

test('the sum has the weights of the configuration, and leaves out what weighs nothing', () => {
  const config = lossConfigSchema.parse({
    distillation: { weight: 2 },
    infoNce: { weight: 0.5, temperature: 0.1 },
    triplet: { weight: 0 },
  });
  const { total, terms } = tf.tidy(() => {
    const combined = combinedLoss(tf.tensor2d(student), tf.tensor2d(teacher), config);
    return {
      total: combined.total.dataSync()[0]!,
      terms: Object.fromEntries(Object.entries(combined.terms).map(([name, term]) => [name, term.dataSync()[0]!])),
    };
  });
  assert.equal(Object.keys(terms), ['distillation', 'info_nce']);
  assert.ok(Math.abs(total - (2 * terms['distillation']! + 0.5 * terms['info_nce']!)) < 1e-5);
});

test.run();
