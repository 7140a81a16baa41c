import { tf } from '../tf.ts';

/**
 * `forward(tensors, constants)`, of which nothing but the inputs is kept for the gradient: the backward pass computes it again. Memory for time: one more forward pass.
 * Source: Chen et al. 2016 (sublinear memory cost).
 *
 * @param forward a pure function of its arguments, which have no other way in
 * @param tensors what gradients flow to, weights included
 * @param constants what none flows to, such as masks
 */
export function recomputed(
  forward: (tensors: readonly tf.Tensor[], constants: readonly tf.Tensor[]) => tf.Tensor,
  tensors: readonly tf.Tensor[],
  constants: readonly tf.Tensor[],
): tf.Tensor {
  const operation = tf.customGrad((...inputs) => {
    const given = inputs.slice(0, tensors.length) as tf.Tensor[];
    const save = inputs[tensors.length] as tf.GradSaveFunc;
    save([...given, ...constants]);
    return {
      value: forward(given, constants),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const kept = saved.slice(0, tensors.length);
        return innerGradients(() => forward(kept, saved.slice(tensors.length)), kept, dy);
      },
    };
  });
  return operation(...tensors);
}

/** Gradients inside a backward pass, whose own tape tfjs would forget over it. */
function innerGradients(forward: () => tf.Tensor, tensors: tf.Tensor[], dy: tf.Tensor): tf.Tensor[] {
  const { state } = tf.engine();
  const { activeTape } = state;
  try {
    return tf.engine().gradients(forward, tensors, dy).grads;
  } finally {
    state.activeTape = activeTape;
  }
}
