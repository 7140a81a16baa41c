import { tf } from '../tf.ts';

interface Angles {
  readonly cosine: Float32Array;
  readonly sine: Float32Array;
}

const cache = new Map<string, Angles>();
const pairCache = new Map<string, Float32Array>();
const CACHE_LIMIT = 64;

/** Cosines and sines of [positions, width], each angle standing twice: for both members of an interleaved pair. */
export function rotaryAngles(positions: number, width: number, theta: number): Angles {
  const key = `${positions}/${width}/${theta}`;
  const known = cache.get(key);
  if (known) return known;
  const cosine = new Float32Array(positions * width);
  const sine = new Float32Array(positions * width);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < width; i++) {
      const angle = position * theta ** (-(i - (i % 2)) / width);
      cosine[position * width + i] = Math.cos(angle);
      sine[position * width + i] = Math.sin(angle);
    }
  }
  if (cache.size >= CACHE_LIMIT) cache.clear();
  const made = { cosine, sine };
  cache.set(key, made);
  return made;
}

/** The same angles as [positions, width / 2, 2]: cosine and sine of each pair. */
export function rotaryPairs(positions: number, width: number, theta: number): Float32Array {
  const key = `${positions}/${width}/${theta}`;
  const known = pairCache.get(key);
  if (known) return known;
  const { cosine, sine } = rotaryAngles(positions, width, theta);
  const pairs = cosine.map((value, index) => (index % 2 === 0 ? value : sine[index]!));
  if (pairCache.size >= CACHE_LIMIT) pairCache.clear();
  pairCache.set(key, pairs);
  return pairs;
}

/** [width, width]: x times it gives (-x1, x0, -x3, x2, …), a quarter turn of every interleaved pair. */
export function quarterTurn(width: number): Float32Array {
  const matrix = new Float32Array(width * width);
  for (let i = 0; i < width; i += 2) {
    matrix[(i + 1) * width + i] = -1;
    matrix[i * width + i + 1] = 1;
  }
  return matrix;
}

/**
 * Rotary positions over interleaved pairs, as BLT has them: `x cos + turn(x) sin`. The turn is a product with a constant matrix, which every
 * backend does faster than strided slices.
 *
 * @param x [batch, heads, positions, width]
 */
export function applyRotary(x: tf.Tensor4D, theta: number): tf.Tensor4D {
  return tf.tidy(() => {
    const [, , positions, width] = x.shape;
    const { cosine, sine } = rotaryAngles(positions, width, theta);
    const turned = tf
      .matMul(x.reshape([-1, width]) as tf.Tensor2D, tf.tensor2d(quarterTurn(width), [width, width]))
      .reshape(x.shape);
    return tf.add(
      tf.mul(x, tf.tensor2d(cosine, [positions, width])),
      tf.mul(turned, tf.tensor2d(sine, [positions, width])),
    ) as tf.Tensor4D;
  });
}
