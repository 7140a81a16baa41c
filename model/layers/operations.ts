import { compiledNormedProducts, type NormedProducts } from '../kernels/compiled/compiled-normed-products.ts';
import { compiledRmsNormalize } from '../kernels/compiled/compiled-rms-norm.ts';
import { compiledSwiGlu } from '../kernels/compiled/compiled-swiglu.ts';
import { tf } from '../tf.ts';

/** Added to attention scores where a key must not be seen; large against any score, small enough to stay finite in float32 sums. */
export const MASKED_SCORE = 1e9;

/**
 * [..., in] x [in, out] -> [..., out]. One rank-2 product whatever the rank of `x`: every backend's fastest path, gradients included.
 */
export function linear(x: tf.Tensor, kernel: tf.Tensor): tf.Tensor {
  const [inputs, outputs] = kernel.shape as [number, number];
  if (x.rank === 2) return tf.matMul(x as tf.Tensor2D, kernel as tf.Tensor2D);
  const flat = tf.matMul(x.reshape([-1, inputs]) as tf.Tensor2D, kernel as tf.Tensor2D);
  return flat.reshape([...x.shape.slice(0, -1), outputs]);
}

/**
 * `gain * x / sqrt(mean(x^2) + epsilon)` over the last axis, with its gradient in closed form:
 * with r = 1/rms, dx = r * (gain dy) - x r^3 mean(x gain dy), dgain = sum(dy x r).
 * Source: Zhang and Sennrich 2019.
 */
export function rmsNormalize(x: tf.Tensor, gain: tf.Tensor, epsilon: number): tf.Tensor {
  return compiledRmsNormalize(x, gain, epsilon) ?? composedRmsNormalize(x, gain, epsilon);
}

/** The same of tfjs' operations, for every backend: what the compiled kernel must agree with. */
export function composedRmsNormalize(x: tf.Tensor, gain: tf.Tensor, epsilon: number): tf.Tensor {
  const dimension = x.shape[x.shape.length - 1]!;
  const operation = tf.customGrad((input, weight, save) => {
    const value = input as tf.Tensor;
    const scale = weight as tf.Tensor;
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(value), -1, true), epsilon));
    const normalized = tf.mul(value, inverse);
    (save as tf.GradSaveFunc)([normalized, inverse, scale]);
    return {
      value: tf.mul(normalized, scale),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [unit, rate, factor] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const weighted = tf.mul(dy, factor);
        const mean = tf.mean(tf.mul(unit, weighted), -1, true);
        const inputGradient = tf.mul(tf.sub(weighted, tf.mul(unit, mean)), rate);
        const gainGradient = tf.sum(tf.mul(dy, unit).reshape([-1, dimension]), 0);
        return [inputGradient, gainGradient];
      },
    };
  });
  return operation(x, gain);
}

/**
 * What both halves of a transformer block begin with: `sum = x + delta`, and its normalised rows times several matrices.
 *
 * @param x [..., channels]
 * @param delta as x; undefined: the sum is x
 * @param gain [channels]
 * @param kernels [channels, outputs] each
 */
export function normedProducts(
  x: tf.Tensor,
  delta: tf.Tensor | undefined,
  gain: tf.Tensor,
  epsilon: number,
  kernels: readonly tf.Tensor[],
): NormedProducts {
  return compiledNormedProducts(x, delta, gain, epsilon, kernels) ?? composedNormedProducts(x, delta, gain, epsilon, kernels);
}

/** The same of single operations: what the compiled kernel must agree with. */
export function composedNormedProducts(
  x: tf.Tensor,
  delta: tf.Tensor | undefined,
  gain: tf.Tensor,
  epsilon: number,
  kernels: readonly tf.Tensor[],
): NormedProducts {
  const sum = delta ? tf.add(x, delta) : x;
  const rows = rmsNormalize(sum, gain, epsilon).reshape([-1, x.shape.at(-1)!]);
  return { sum, products: kernels.map((kernel) => linear(rows, kernel)) };
}

/**
 * `silu(gate) * up`. Source: Shazeer 2020 (GLU variants improve transformer).
 *
 * @param gateUp [..., 2 * width] gate and up side by side
 * @returns [..., width]
 */
export function swiGlu(gateUp: tf.Tensor): tf.Tensor {
  const compiled = compiledSwiGlu(gateUp);
  if (compiled) return compiled;
  const [gate, up] = tf.split(gateUp, 2, -1) as [tf.Tensor, tf.Tensor];
  return tf.mul(silu(gate), up);
}

/** `x * sigmoid(x)`; gradient `s + x s (1 - s)`. Source: Elfwing et al. 2017 (SiLU). */
export function silu(x: tf.Tensor): tf.Tensor {
  const operation = tf.customGrad((input, save) => {
    const value = input as tf.Tensor;
    const gate = tf.sigmoid(value);
    const output = tf.mul(value, gate);
    (save as tf.GradSaveFunc)([gate, output]);
    return {
      value: output,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [s, y] = saved as [tf.Tensor, tf.Tensor];
        // s + x s (1 - s) = s + y - y s
        return tf.mul(dy, tf.add(s, tf.sub(y, tf.mul(y, s))));
      },
    };
  });
  return operation(x);
}

/** 1 -> 0 and 0 -> a score that softmax turns into nothing. */
export function maskBias(mask: tf.Tensor): tf.Tensor {
  return tf.mul(tf.sub(mask, 1), MASKED_SCORE);
}

/** [batch, positions, heads * width] -> [batch, heads, positions, width] */
export function splitHeads(x: tf.Tensor, heads: number): tf.Tensor4D {
  const [batch, positions, dimension] = x.shape as [number, number, number];
  return tf.transpose(x.reshape([batch, positions, heads, dimension / heads]), [0, 2, 1, 3]) as tf.Tensor4D;
}

/** [batch, heads, positions, width] -> [batch, positions, heads * width] */
export function joinHeads(x: tf.Tensor): tf.Tensor3D {
  const [batch, heads, positions, width] = x.shape as [number, number, number, number];
  return tf.transpose(x, [0, 2, 1, 3]).reshape([batch, positions, heads * width]) as tf.Tensor3D;
}
