import { tf } from '../../model/backend/tf.ts';
import type { StateArrays } from './state-arrays.ts';

/** Updates the weights of a graph, which lie on the backend. */
export interface DenseOptimizer {
  /** Gradients of all weights as one vector; the caller owns it. */
  flatten(gradients: readonly tf.Tensor[]): tf.Tensor1D;
  /**
   * One step.
   *
   * @param gradient as `flatten` gives it
   * @param scale what gradients are multiplied by first (clipping)
   * @param step from 1 on
   */
  apply(gradient: tf.Tensor1D, learningRate: number, scale: number, step: number): void;
  /** `dense/…`: the state for a checkpoint. */
  arrays(): Promise<StateArrays>;
  /**
   * Takes up the state of a checkpoint.
   *
   * @throws CemError `CHECKPOINT_SHAPE` when it is that of another optimiser or of other weights
   */
  restore(arrays: StateArrays): void;
  dispose(): void;
}

/** [weights] gradients one after the other, in the fixed order of the graph's trainable weights, which is part of the checkpoint's contract. */
export function flattenGradients(gradients: readonly tf.Tensor[]): tf.Tensor1D {
  return tf.tidy(() => tf.concat(gradients.map((gradient) => gradient.flatten())));
}
