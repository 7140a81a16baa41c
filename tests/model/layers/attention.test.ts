import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../model/backend/index.ts';
import { fullAttention, windowedAttention } from '../../../model/layers/attention.ts';
import { applyRotary } from '../../../model/layers/rotary.ts';
import { testBackend } from '../../backend.ts';
import { randomValues } from '../tiny-model.ts';

const test = suite('attention');
test.before(async () => {
  await testBackend();
});

const BATCH = 2;
const HEADS = 3;
const WIDTH = 4;

type Sees = (query: number, key: number) => boolean;

/** Softmax attention by plain loops in float64, [batch, heads, positions, width]. */
function plainAttention(
  query: Float32Array,
  key: Float32Array,
  value: Float32Array,
  mask: Float32Array,
  positions: number,
  sees: Sees,
): Float64Array {
  const output = new Float64Array(query.length);
  for (let row = 0; row < BATCH * HEADS; row++) {
    const batch = Math.floor(row / HEADS);
    const at = (position: number, channel: number) => (row * positions + position) * WIDTH + channel;
    for (let i = 0; i < positions; i++) {
      const weights = new Float64Array(positions);
      let total = 0;
      for (let j = 0; j < positions; j++) {
        if (mask[batch * positions + j] === 0 || !sees(i, j)) continue;
        let product = 0;
        for (let c = 0; c < WIDTH; c++) product += query[at(i, c)]! * key[at(j, c)]!;
        weights[j] = Math.exp(product / Math.sqrt(WIDTH));
        total += weights[j]!;
      }
      for (let j = 0; j < positions; j++) {
        for (let c = 0; c < WIDTH; c++) output[at(i, c)]! += (weights[j]! / total) * value[at(j, c)]!;
      }
    }
  }
  return output;
}

/** Query, key, value, and a mask whose second row is padded behind `real` positions. */
function inputs(positions: number, real: number) {
  const length = BATCH * HEADS * positions * WIDTH;
  const mask = new Float32Array(BATCH * positions).fill(1, 0, positions + real);
  return {
    query: randomValues(length, `query/${positions}`),
    key: randomValues(length, `key/${positions}`),
    value: randomValues(length, `value/${positions}`),
    mask,
  };
}

/** Compares where the queries are real; what padding asks for is nobody's business. */
async function compare(
  positions: number,
  real: number,
  attention: (query: tf.Tensor4D, key: tf.Tensor4D, value: tf.Tensor4D, mask: tf.Tensor2D) => tf.Tensor4D,
  sees: Sees,
): Promise<void> {
  const { query, key, value, mask } = inputs(positions, real);
  const shape: [number, number, number, number] = [BATCH, HEADS, positions, WIDTH];
  const result = tf.tidy(() =>
    attention(
      tf.tensor4d(query, shape),
      tf.tensor4d(key, shape),
      tf.tensor4d(value, shape),
      tf.tensor2d(mask, [BATCH, positions]),
    ),
  );
  assert.equal(result.shape, shape);
  const got = await result.data();
  result.dispose();
  const expected = plainAttention(query, key, value, mask, positions, sees);
  for (let index = 0; index < got.length; index++) {
    const position = Math.floor(index / WIDTH) % positions;
    const batch = Math.floor(index / (WIDTH * positions * HEADS));
    if (mask[batch * positions + position] === 0) {
      assert.ok(Number.isFinite(got[index]), `padding at ${position} is ${got[index]}`);
      continue;
    }
    const error = Math.abs(got[index]! - expected[index]!);
    if (!(error < 1e-5)) assert.unreachable(`position ${position} of ${positions}: ${got[index]} for ${expected[index]}`);
  }
}

for (const causal of [false, true]) {
  const name = causal ? 'causal' : 'both sides';

  test(`full attention equals plain loops, ${name}`, async () => {
    for (const [positions, real] of [
      [1, 1],
      [7, 3],
      [20, 1],
    ] as const) {
      await compare(
        positions,
        real,
        (query, key, value, mask) => fullAttention(query, key, value, mask, causal),
        (i, j) => !causal || j <= i,
      );
    }
  });

  test(`windowed attention equals full attention under a band, ${name}`, async () => {
    // At most two windows, then blocks: 3, 4 and 8 windows, with padding that begins inside a block and on its border.
    for (const [positions, window, real] of [
      [1, 4, 1],
      [5, 4, 2],
      [8, 4, 8],
      [12, 4, 5],
      [16, 4, 4],
      [16, 4, 16],
      [32, 4, 17],
      [24, 8, 23],
      [6, 1, 3],
    ] as const) {
      await compare(
        positions,
        real,
        (query, key, value, mask) => windowedAttention(query, key, value, mask, window, causal),
        (i, j) => (causal ? i - j >= 0 && i - j < window : Math.abs(i - j) < window),
      );
    }
  });
}

test('rotary positions turn each interleaved pair by position * theta^(-pair / width)', async () => {
  const [positions, width, theta] = [9, 6, 500_000];
  const values = randomValues(2 * 2 * positions * width, 'rotary');
  const turned = applyRotary(tf.tensor4d(values, [2, 2, positions, width]), theta);
  const got = await turned.data();
  turned.dispose();
  for (let row = 0; row < 4; row++) {
    for (let position = 0; position < positions; position++) {
      for (let pair = 0; pair < width; pair += 2) {
        const at = (row * positions + position) * width + pair;
        const angle = position / theta ** (pair / width);
        const [x, y] = [values[at]!, values[at + 1]!];
        assert.ok(Math.abs(got[at]! - (x * Math.cos(angle) - y * Math.sin(angle))) < 1e-5, `position ${position}`);
        assert.ok(Math.abs(got[at + 1]! - (x * Math.sin(angle) + y * Math.cos(angle))) < 1e-5, `position ${position}`);
      }
    }
  }
});

test('rotary products depend on the distance alone', async () => {
  const [x, y] = [randomValues(8, 'x'), randomValues(8, 'y')];
  const repeated = (values: Float32Array) => tf.tile(tf.tensor4d(values, [1, 1, 1, 8]), [1, 1, 12, 1]) as tf.Tensor4D;
  const products = tf.tidy(() => tf.matMul(applyRotary(repeated(x), 100), applyRotary(repeated(y), 100), false, true).squeeze());
  const got = (await products.array()) as number[][];
  products.dispose();
  for (let i = 1; i < 12; i++) {
    for (let j = 1; j < 12; j++) assert.ok(Math.abs(got[i]![j]! - got[i - 1]![j - 1]!) < 1e-4);
  }
});

test.run();
