import { linear } from '../layers/operations.ts';
import { tf } from '../tf.ts';

/** `x W + b` over the last axis. */
export function affine(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return tf.add(linear(x, kernel), bias);
}

/**
 * `gain * (x - mean) / sqrt(variance + epsilon) + bias` over the last axis, with its gradient in closed form: with n the normalised x, r = 1 / sqrt(variance + epsilon) and g = gain dy,
 * dx = r (g - mean(g) - n mean(n g)), dgain = sum(dy n), dbias = sum(dy). Source: Ba, Kiros and Hinton 2016.
 */
export function layerNormalize(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, epsilon: number): tf.Tensor {
  const dimension = x.shape.at(-1)!;
  const operation = tf.customGrad((...parameters) => {
    const [value, scale, shift, save] = parameters as unknown as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const centred = tf.sub(value, tf.mean(value, -1, true));
    const rate = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
    const unit = tf.mul(centred, rate);
    save([unit, rate, scale]);
    return {
      value: tf.add(tf.mul(unit, scale), shift),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [normalized, inverse, factor] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const weighted = tf.mul(dy, factor);
        const along = tf.mul(normalized, tf.mean(tf.mul(normalized, weighted), -1, true));
        const inputGradient = tf.mul(tf.sub(tf.sub(weighted, tf.mean(weighted, -1, true)), along), inverse);
        const rows = (tensor: tf.Tensor) => tf.sum(tensor.reshape([-1, dimension]), 0);
        return [inputGradient, rows(tf.mul(dy, normalized)), rows(dy)];
      },
    };
  });
  return operation(x, gain, bias);
}

/** `x Phi(x)`, Phi being the normal distribution's integral, with its gradient `Phi(x) + x phi(x)` in closed form. Source: Hendrycks and Gimpel 2016; BERT's is the exact one. */
export function gelu(x: tf.Tensor): tf.Tensor {
  const operation = tf.customGrad((input, save) => {
    const value = input as tf.Tensor;
    const share = tf.mul(tf.add(tf.erf(tf.mul(value, Math.SQRT1_2)), 1), 0.5);
    (save as tf.GradSaveFunc)([value, share]);
    return {
      value: tf.mul(value, share),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [given, integral] = saved as [tf.Tensor, tf.Tensor];
        const density = tf.mul(tf.exp(tf.mul(tf.square(given), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return tf.mul(dy, tf.add(integral, tf.mul(given, density)));
      },
    };
  });
  return operation(x);
}
