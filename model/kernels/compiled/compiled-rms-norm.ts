import { tf } from '../../tf.ts';
import { type CompiledKernels, compiledKernels } from './compiled-kernels.ts';

/**
 * `gain * x / sqrt(mean(x^2) + epsilon)` over the last axis by the compiled kernel (c/rms-norm.c): one pass forward and one backward, which keeps x and one number a row.
 *
 * @param x [..., channels] float32
 * @param gain [channels]
 * @returns undefined where there is no such kernel, or none for these tensors: then the operations of tfjs do it
 */
export function compiledRmsNormalize(x: tf.Tensor, gain: tf.Tensor, epsilon: number): tf.Tensor | undefined {
  const kernels = kernelsFor(x, gain);
  if (kernels === undefined) return undefined;
  const operation = tf.customGrad((input, weight, save) => {
    const inputs = [input, weight] as tf.Tensor[];
    const [output, inverse] = kernels.run('CemRmsNorm', { epsilon }, inputs, 2) as [tf.Tensor, tf.Tensor];
    (save as tf.GradSaveFunc)([...inputs, inverse]);
    return {
      value: output,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => kernels.run('CemRmsNormGradient', { N: 1, M: 0 }, [...saved, dy], 2),
    };
  });
  return operation(x, gain);
}

/** The kernels, where they take these tensors. */
function kernelsFor(x: tf.Tensor, gain: tf.Tensor): CompiledKernels | undefined {
  const channels = x.shape.at(-1) ?? 0;
  const fitting = x.dtype === 'float32' && gain.dtype === 'float32' && channels > 0 && gain.rank === 1 && gain.size === channels;
  return fitting ? compiledKernels() : undefined;
}
