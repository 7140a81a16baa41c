import { tf } from '../backend/tf.ts';
import { type CompiledKernels, compiledKernels } from './compiled-kernels.ts';

export interface CompiledAttentionOptions {
  readonly heads: number;
  /** Query i sees key j where |i - j| < window; absent: all of them. */
  readonly window?: number;
  /** A query sees no later key. */
  readonly causal: boolean;
}

/** Makes [positions, width / 2, 2]: cosine and sine of each pair's angle. */
type Angles = (positions: number, width: number) => Float32Array;

/**
 * Softmax attention by the compiled kernel (c/attention.c), rotary positions inside, on tensors as the products before it give them and the product behind takes them. No scores are
 * kept: memory grows with the positions. Where all keys that a query sees are masked, it gets the mean of their values.
 *
 * @param query float32 [batch, positions, heads * width], as key and value; width is even
 * @param mask float32 [batch, positions] 1 for real keys, 0 for padding
 * @returns [batch, positions, heads * width], or undefined where there is no such kernel, or none for these tensors: then the operations of tfjs do it
 */
export function compiledAttention(
  query: tf.Tensor3D,
  key: tf.Tensor3D,
  value: tf.Tensor3D,
  mask: tf.Tensor2D,
  angles: Angles,
  { heads, window, causal }: CompiledAttentionOptions,
): tf.Tensor3D | undefined {
  const kernels = compiledKernels();
  if (kernels === undefined || !fits(kernels, [query, key, value, mask], heads)) return undefined;
  const [batch, positions, channels] = query.shape;
  if (batch === 0 || positions === 0) return undefined;
  const attributes = { heads, window: window ?? 0, causal };
  const turns = angles(positions, channels / heads);
  const turnTensor = (): tf.Tensor3D => tf.tensor3d(turns, [positions, channels / heads / 2, 2]);
  const operation = tf.customGrad((...parameters) => {
    const [q, k, v, save] = parameters as unknown as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.GradSaveFunc];
    const [output, statistics] = kernels.run('CemAttention', attributes, [q, k, v, mask, turnTensor()], 2) as [
      tf.Tensor3D,
      tf.Tensor4D,
    ];
    save([q, k, v, mask, output, statistics]);
    return {
      value: output,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const operands = [...saved.slice(0, 4), turnTensor(), ...saved.slice(4), dy];
        return kernels.run('CemAttentionGradient', attributes, operands, 3);
      },
    };
  });
  return operation(query, key, value) as tf.Tensor3D;
}

function fits(kernels: CompiledKernels, tensors: readonly tf.Tensor[], heads: number): boolean {
  const [query, key, value, mask] = tensors as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor2D];
  const [batch, positions, channels] = query.shape;
  return (
    kernels.has('CemAttention') &&
    tensors.every(({ dtype }) => dtype === 'float32') &&
    tf.util.arraysEqual(key.shape, query.shape) &&
    tf.util.arraysEqual(value.shape, query.shape) &&
    tf.util.arraysEqual(mask.shape, [batch, positions]) &&
    channels % (2 * heads) === 0
  );
}
