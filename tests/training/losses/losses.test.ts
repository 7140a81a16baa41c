import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../model/backend/index.ts';
import { combinedLoss } from '../../../training/losses/combined.ts';
import { lossConfigSchema } from '../../../training/losses/config.ts';
import { distillation } from '../../../training/losses/distillation.ts';
import { falseNegatives } from '../../../training/losses/false-negatives.ts';
import { infoNce } from '../../../training/losses/info-nce.ts';
import { matryoshka } from '../../../training/losses/matryoshka.ts';
import { pairwiseOrder } from '../../../training/losses/pairwise-order.ts';
import { similarityMatrix } from '../../../training/losses/similarity-matrix.ts';
import { spreadOut } from '../../../training/losses/spread-out.ts';
import { triplet } from '../../../training/losses/triplet.ts';
import { testBackend } from '../../backend.ts';
import { randomValues } from '../../model/tiny-model.ts';

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

test('InfoNCE: hard negatives are further columns, those that are as good as the positive left out', () => {
  const negatives = unitVectors(4, 6, 'negatives');
  negatives[3] = [...teacher[0]!];
  compare(
    (s, t) => infoNce(s, t, { temperature: 0.2, falseNegativeMargin: MARGIN }, tf.tensor2d(negatives)),
    (s) =>
      mean(
        s.map((vector, i) => {
          const inBatch = teacher.filter((_, j) => !isFalseNegative(i, j, MARGIN));
          const further = negatives.filter((other) => dot(teacher[i]!, other) <= 1 - MARGIN);
          const scores = [...inBatch, ...further].map((other) => dot(vector, other) / 0.2);
          return Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0)) - dot(vector, teacher[i]!) / 0.2;
        }),
      ),
  );
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

const pairsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => Array.from({ length: i }, (_, j) => [j, i] as const)).flat();

/** The definition of the order loss over a list of groups of texts, comparison by comparison. */
function plainOrder(vectors: Vectors, wanted: Vectors, groups: readonly (readonly number[])[], margin: number): number {
  let sum = 0;
  let comparisons = 0;
  for (const group of groups) {
    const pairs = pairsOf(group.length).map(([i, j]) => [group[i]!, group[j]!] as const);
    const similarity = (of: Vectors) => pairs.map(([i, j]) => dot(of[i]!, of[j]!));
    // Float32, as the loss sees them: whether two similarities are equal must not hang on the precision.
    const teacherSimilarity = similarity(wanted).map(Math.fround);
    const studentSimilarity = similarity(vectors);
    pairs.forEach((_, p) => {
      pairs.forEach((_, q) => {
        if (teacherSimilarity[p]! - teacherSimilarity[q]! < 1e-6) return;
        comparisons++;
        sum += Math.max(0, studentSimilarity[q]! - studentSimilarity[p]! + margin);
      });
    });
  }
  return sum / Math.max(1, comparisons);
}

test('similarity matrix: squared differences of all similarities; a rotation of the teacher costs nothing', () => {
  compare(similarityMatrix, (s) => mean(s.flatMap((a, i) => s.map((b, j) => (dot(a, b) - dot(teacher[i]!, teacher[j]!)) ** 2))));
  const turned = teacher.map((vector) => [...vector.slice(1), -vector[0]!]);
  assert.ok(tf.tidy(() => similarityMatrix(tf.tensor2d(turned), tf.tensor2d(teacher)).dataSync()[0]!) < 1e-10);
});

test('pairwise order: every pair of pairs that the teacher orders', () => {
  // Texts 2 and 5 are one to the teacher, so that pairs with them tie: those are left out of the comparison here, where rounding would order them.
  const texts = [0, 1, 3, 4, 6, 7, 8];
  const part = (vectors: Vectors) => texts.map((text) => vectors[text]!);
  const value = (margin: number, s: Vectors) =>
    tf.tidy(() => pairwiseOrder(tf.tensor2d(part(s)), tf.tensor2d(part(teacher)), { margin }).dataSync()[0]!);
  for (const margin of [0.015, 0.5]) {
    const plain = (s: Vectors) => plainOrder(part(s), part(teacher), [texts.map((_, index) => index)], margin);
    assert.ok(Math.abs(value(margin, student) - plain(student)) < 1e-5, `${value(margin, student)} for ${plain(student)}`);
  }
  assert.is(value(0, teacher), 0);
});

test('pairwise order: its gradient', () => {
  const three = (vectors: Vectors) => vectors.slice(0, 4);
  const loss = (s: tf.Tensor2D) => pairwiseOrder(s, tf.tensor2d(three(teacher)), { margin: 0.2 });
  const gradient = tf.tidy(() =>
    tf
      .grad((s: tf.Tensor) => loss(s as tf.Tensor2D))(tf.tensor2d(three(student)))
      .arraySync(),
  ) as Vectors;
  const plain = (s: Vectors) => plainOrder(s, three(teacher), [[0, 1, 2, 3]], 0.2);
  gradient.forEach((row, i) => {
    row.forEach((got, c) => {
      const moved = (change: number) => three(student).map((v, r) => v.map((x, k) => (r === i && k === c ? x + change : x)));
      const numeric = (plain(moved(1e-6)) - plain(moved(-1e-6))) / 2e-6;
      assert.ok(Math.abs(got - numeric) < 1e-3 * Math.max(1, Math.abs(numeric)), `[${i}, ${c}]: ${got}, numeric ${numeric}`);
    });
  });
});

test('pairwise order: beyond 64 texts, groups of 64', () => {
  const [s, t] = [unitVectors(70, 5, 'many students'), unitVectors(70, 5, 'many teachers')];
  const got = tf.tidy(() => pairwiseOrder(tf.tensor2d(s), tf.tensor2d(t), { margin: 0.015 }).dataSync()[0]!);
  const texts = s.map((_, index) => index);
  const expected = plainOrder(s, t, [texts.slice(0, 64), texts.slice(64)], 0.015);
  assert.ok(Math.abs(got - expected) < 1e-4 * expected, `${got} for ${expected}`);
});

test('spread-out: squared similarities of different texts', () => {
  compare(spreadOut, (s) => mean(s.flatMap((a, i) => s.filter((_, j) => j !== i).map((b) => dot(a, b) ** 2))));
  const basis = Array.from({ length: 6 }, (_, i) => Array.from({ length: 6 }, (_, j) => (i === j ? 1 : 0)));
  assert.is(
    tf.tidy(() => spreadOut(tf.tensor2d(basis)).dataSync()[0]!),
    0,
  );
});

test('matryoshka: the mean of the loss over vectors cut to each dimension and made unit again', () => {
  const unit = (vector: number[]) => vector.map((value) => value / Math.hypot(...vector));
  const cut = (vectors: Vectors, dimension: number) => vectors.map((vector) => unit(vector.slice(0, dimension)));
  compare(
    (s, t) =>
      matryoshka({ student: s, teacher: t }, [2, 4], (vectors) => ({
        total: distillation(vectors.student, vectors.teacher, 'cosine'),
        terms: {},
      })).total,
    (s) => mean([2, 4].map((d) => mean(cut(s, d).map((vector, i) => 1 - dot(vector, cut(teacher, d)[i]!))))),
  );
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
  assert.is(value(spreadOut), 0);
  assert.is(
    value((s, t) => pairwiseOrder(s, t, { margin: 0.015 })),
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
    const combined = combinedLoss({ student: tf.tensor2d(student), teacher: tf.tensor2d(teacher) }, config);
    return {
      total: combined.total.dataSync()[0]!,
      terms: Object.fromEntries(Object.entries(combined.terms).map(([name, term]) => [name, term.dataSync()[0]!])),
    };
  });
  assert.equal(Object.keys(terms), ['distillation', 'info_nce']);
  assert.ok(Math.abs(total - (2 * terms['distillation']! + 0.5 * terms['info_nce']!)) < 1e-5);
});

test('shorter dimensions are losses beside the full one, term by term', () => {
  const config = lossConfigSchema.parse({
    infoNce: { weight: 0 },
    similarityMatrix: { weight: 3 },
    spreadOut: { weight: 0 },
    matryoshka: { weight: 0.5 },
  });
  const { total, terms } = tf.tidy(() => {
    const combined = combinedLoss({ student: tf.tensor2d(student), teacher: tf.tensor2d(teacher) }, config, [2, 4]);
    return {
      total: combined.total.dataSync()[0]!,
      terms: Object.fromEntries(Object.entries(combined.terms).map(([name, term]) => [name, term.dataSync()[0]!])),
    };
  });
  assert.equal(
    Object.keys(terms),
    ['', '@2', '@4'].flatMap((cut) => [`distillation${cut}`, `similarity_matrix${cut}`]),
  );
  const at = (cut: string) => terms[`distillation${cut}`]! + 3 * terms[`similarity_matrix${cut}`]!;
  assert.ok(Math.abs(total - (at('') + (0.5 * (at('@2') + at('@4'))) / 2)) < 1e-5);
});

test.run();
