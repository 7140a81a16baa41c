import { tf } from '../../tf.ts';
import { compiledKernels } from './compiled-kernels.ts';

/**
 * `silu(gate) * up` by the compiled kernel (c/swiglu.c): one pass forward and one backward, which keeps nothing but the input.
 *
 * @param gateUp float32 [..., 2 * width] gate and up side by side
 * @returns [..., width], or undefined where there is no such kernel, or none for this tensor: then the operations of tfjs do it
 */
export function compiledSwiGlu(gateUp: tf.Tensor): tf.Tensor | undefined {
  const kernels = compiledKernels();
  if (kernels === undefined || gateUp.dtype !== 'float32' || (gateUp.shape.at(-1) ?? 1) % 2 !== 0) return undefined;
  const operation = tf.customGrad((input, save) => {
    const inputs = [input as tf.Tensor];
    (save as tf.GradSaveFunc)(inputs);
    return {
      value: kernels.run('CemSwiGlu', {}, inputs, 1)[0]!,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => kernels.run('CemSwiGluGradient', {}, [...saved, dy], 1),
    };
  });
  return operation(gateUp);
}
