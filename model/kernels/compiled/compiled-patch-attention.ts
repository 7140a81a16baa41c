import { tf } from '../../tf.ts';
import { compiledKernels } from './compiled-kernels.ts';

/**
 * Cross attention of patches by the compiled kernel (c/patch-attention.c): the queries of a patch ask its own symbols. A patch without a symbol gets zeros.
 *
 * @param query float32 [batch * patches, queries, heads * width]
 * @param key float32 [batch, symbols, heads * width], as value
 * @param members [batch, symbols]: with a patch size, 1 for real symbols and 0 for padding; else the number of each symbol's patch in its row, ascending, and -1 for padding
 * @param patchSize symbols a patch; absent: patches are runs of equal members
 * @returns as query, or undefined where there is no such kernel, or none for these tensors: then the operations of tfjs do it
 */
export function compiledPatchAttention(
  query: tf.Tensor3D,
  key: tf.Tensor3D,
  value: tf.Tensor3D,
  members: tf.Tensor2D,
  heads: number,
  patchSize?: number,
): tf.Tensor3D | undefined {
  const kernels = compiledKernels();
  if (!kernels?.has('CemPatchAttention') || query.size === 0 || key.size === 0) return undefined;
  const [batch, symbols, channels] = key.shape;
  if ([query, key, value].some(({ dtype }) => dtype !== 'float32') || !tf.util.arraysEqual(key.shape, value.shape))
    return undefined;
  if (query.shape[2] !== channels || channels % heads !== 0 || query.shape[0] % batch !== 0) return undefined;
  if (!tf.util.arraysEqual(members.shape, [batch, symbols])) return undefined;
  const attributes = { heads, patch_size: patchSize ?? 0 };
  // Numbers of patches are exact in float32 up to 2^24.
  const places = tf.cast(members, 'float32');
  const operation = tf.customGrad((...parameters) => {
    const [q, k, v, save] = parameters as unknown as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.GradSaveFunc];
    const inputs = [q, k, v, places];
    save(inputs);
    return {
      value: kernels.run('CemPatchAttention', attributes, inputs, 1)[0]!,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => kernels.run('CemPatchAttentionGradient', attributes, [...saved, dy], 3),
    };
  });
  return operation(query, key, value) as tf.Tensor3D;
}
