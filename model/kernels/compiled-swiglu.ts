import { tf } from '../backend/tf.ts';
import { compiledKernels } from './compiled-kernels.ts';

/**
 * `silu(gate) * up` by the compiled kernel (c/swiglu.c): one pass forward and one backward, which keeps nothing but the inputs.
 *
 * @param gate float32 of any shape
 * @param up of the same shape
 * @returns undefined where there is no such kernel, or none for these tensors: then the operations of tfjs do it
 */
export function compiledSwiGlu(gate: tf.Tensor, up: tf.Tensor): tf.Tensor | undefined {
  const kernels = compiledKernels();
  if (kernels === undefined || gate.dtype !== 'float32' || up.dtype !== 'float32') return undefined;
  if (!tf.util.arraysEqual(gate.shape, up.shape)) return undefined;
  const operation = tf.customGrad((one, other, save) => {
    const inputs = [one, other] as tf.Tensor[];
    (save as tf.GradSaveFunc)(inputs);
    return {
      value: kernels.run('CemSwiGlu', {}, inputs, 1)[0]!,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => kernels.run('CemSwiGluGradient', {}, [...saved, dy], 2),
    };
  });
  return operation(gate, up);
}
