import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import { tf } from '../../../model/backend/index.ts';
import { groupLoss, groupScores, type PaddedGroups } from '../../../training/query-head/group-loss.ts';
import { testBackend } from '../../backend.ts';

const test = suite('scores and loss of vector groups');
test.before(async () => {
  await testBackend();
});

const DIMENSION = 4;

/** Groups of these sizes, of random unit vectors and weights. */
function randomGroups(sizes: readonly number[], name: string) {
  const random = new RandomNumbers(1, name);
  const width = Math.max(...sizes);
  const vectors = new Float32Array(sizes.length * width * DIMENSION);
  const weights = new Float32Array(sizes.length * width);
  const mask = new Float32Array(sizes.length * width);
  sizes.forEach((size, group) => {
    for (let row = group * width; row < group * width + size; row++) {
      const vector = new Float32Array(DIMENSION);
      random.fillTruncatedNormal(vector, 1);
      const length = Math.hypot(...vector);
      vectors.set(
        vector.map((value) => value / length),
        row * DIMENSION,
      );
      weights[row] = 0.5 + random.integer(100) / 100;
      mask[row] = 1;
    }
  });
  const padded = (): PaddedGroups => ({
    groups: sizes.length,
    width,
    vectors: tf.tensor2d(vectors, [sizes.length * width, DIMENSION]),
    weights: tf.tensor1d(weights),
    mask: tf.tensor1d(mask),
  });
  return { sizes, width, vectors, weights, padded };
}

type Groups = ReturnType<typeof randomGroups>;

/** By plain loops. */
function plainScore(queries: Groups, query: number, keys: Groups, key: number, kind: 'sum' | 'top_mean', top: number): number {
  const best = Array.from({ length: queries.sizes[query]! }, (_, t) => {
    const row = query * queries.width + t;
    let largest = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < keys.sizes[key]!; j++) {
      const other = key * keys.width + j;
      let dot = 0;
      for (let i = 0; i < DIMENSION; i++) dot += queries.vectors[row * DIMENSION + i]! * keys.vectors[other * DIMENSION + i]!;
      largest = Math.max(largest, dot * keys.weights[other]!);
    }
    return { largest, weight: queries.weights[row]! };
  });
  if (kind === 'sum') {
    const total = best.reduce((sum, { weight }) => sum + weight, 0);
    return best.reduce((sum, { largest, weight }) => sum + largest * weight, 0) / total;
  }
  const counted = best
    .map(({ largest }) => largest)
    .sort((a, b) => b - a)
    .slice(0, top);
  return counted.reduce((sum, value) => sum + value, 0) / counted.length;
}

for (const kind of ['sum', 'top_mean'] as const) {
  test(`${kind}: padded groups score as plain loops have it`, async () => {
    const [queries, keys] = [randomGroups([1, 4, 2, 5], 'queries'), randomGroups([3, 1, 6], 'keys')];
    const [scores] = tf.tidy(() => groupScores(queries.padded(), keys.padded(), [kind], 3)) as [tf.Tensor2D];
    const values = await scores.data();
    queries.sizes.forEach((_, query) => {
      keys.sizes.forEach((_, key) => {
        const expected = plainScore(queries, query, keys, key, kind, 3);
        assert.ok(
          Math.abs(values[query * 3 + key]! - expected) < 1e-5,
          `${query}, ${key}: ${values[query * 3 + key]}, ${expected}`,
        );
      });
    });
    scores.dispose();
  });
}

test('the gradient of the mean of the best is that of the matches that count', async () => {
  const [queries, keys] = [randomGroups([4], 'gradient queries'), randomGroups([2], 'gradient keys')];
  const { vectors: asked, ...rest } = queries.padded();
  const known = keys.padded();
  const score = (vectors: tf.Tensor2D) => tf.sum(groupScores({ ...rest, vectors }, known, ['top_mean'], 2)[0]!) as tf.Scalar;
  const gradient = await tf
    .grad((x) => score(x as tf.Tensor2D))(asked)
    .data();
  const at = async (index: number, change: number) => {
    const moved = Float32Array.from(queries.vectors);
    moved[index] = moved[index]! + change;
    return (await score(tf.tensor2d(moved, asked.shape)).data())[0]!;
  };
  for (const index of [0, 5, 10, 15]) {
    const measured = ((await at(index, 1e-2)) - (await at(index, -1e-2))) / 2e-2;
    assert.ok(Math.abs(measured - gradient[index]!) < 2e-3, `${index}: ${measured}, ${gradient[index]}`);
  }
});

test('the loss leaves out what is relevant, and a teacher moves it', async () => {
  const scores = [
    [2, 1, 0, -1],
    [0.5, 1.5, 3, 0],
  ];
  // Key 2, a hard negative of query 0, is relevant to query 1.
  const excluded = [
    [0, 0, 0, 0],
    [0, 0, 1, 0],
  ];
  const logSum = (values: number[]) => Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0));
  const contrast = (logSum([2, 1, 0, -1]) - 2 + logSum([0.5, 1.5, 0]) - 1.5) / 2;
  const lossOf = async (share: number, teacher?: number[][]) => {
    const loss = groupLoss(tf.tensor2d(scores), tf.tensor2d(excluded), share, teacher && tf.tensor2d(teacher));
    return (await loss.data())[0]!;
  };
  assert.ok(Math.abs((await lossOf(0)) - contrast) < 1e-5);
  // The teacher says of each query's own key and hard negative what the student says: own keys 0 and 1, hard negatives 2 and 3.
  const alike = [
    [2, 0],
    [1.5, 0],
  ];
  assert.ok(Math.abs((await lossOf(0.5, alike)) - contrast / 2) < 1e-5);
  const other = [
    [0, 2],
    [1.5, 0],
  ];
  // KL of softmax(0, 2) from softmax(2, 0), which is 2 (p - q) with p = 1 / (1 + e^-2), q = 1 - p; half of the mean over two queries.
  const p = 1 / (1 + Math.exp(-2));
  assert.ok(Math.abs((await lossOf(0.5, other)) - (contrast / 2 + (0.5 * 2 * (2 * p - 1)) / 2)) < 1e-5);
});

test.run();
