import { tf } from '../../tf.ts';
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
 * Softmax attention by the compiled kernel (c/attention.c), rotary positions inside, on rows as the product before it gives them and the product behind takes them. No scores are
 * kept: memory grows with the positions. Where all keys that a query sees are masked, it gets the mean of their values.
 *
 * @param projections float32 [batch * positions, 3 * heads * width] query, key and value side by side; width is even
 * @param mask float32 [batch, positions] 1 for real keys, 0 for padding
 * @returns [batch * positions, heads * width], or undefined where there is no such kernel, or none for these tensors: then the operations of tfjs do it
 */
export function compiledAttention(
  projections: tf.Tensor2D,
  mask: tf.Tensor2D,
  angles: Angles,
  { heads, window, causal }: CompiledAttentionOptions,
): tf.Tensor2D | undefined {
  const kernels = compiledKernels();
  if (kernels === undefined || !fits(kernels, projections, mask, heads)) return undefined;
  const [, positions] = mask.shape;
  const width = projections.shape[1] / 3 / heads;
  const attributes = { heads, window: window ?? 0, causal };
  const turns = angles(positions, width);
  const turnTensor = (): tf.Tensor3D => tf.tensor3d(turns, [positions, width / 2, 2]);
  const operation = tf.customGrad((...parameters) => {
    const [input, save] = parameters as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    const [output, statistics] = kernels.run('CemAttention', attributes, [input, mask, turnTensor()], 2) as [
      tf.Tensor2D,
      tf.Tensor4D,
    ];
    save([input, mask, output, statistics]);
    return {
      value: output,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const operands = [...saved.slice(0, 2), turnTensor(), ...saved.slice(2), dy];
        return kernels.run('CemAttentionGradient', attributes, operands, 1);
      },
    };
  });
  return operation(projections) as tf.Tensor2D;
}

function fits(kernels: CompiledKernels, projections: tf.Tensor2D, mask: tf.Tensor2D, heads: number): boolean {
  const [rows, columns] = projections.shape;
  return (
    kernels.has('CemAttention') &&
    projections.dtype === 'float32' &&
    mask.dtype === 'float32' &&
    mask.rank === 2 &&
    rows > 0 &&
    mask.size === rows &&
    columns % (3 * 2 * heads) === 0
  );
}
