import type { tf } from '../../model/index.ts';
import type { DenseGradient } from './dense-gradient.ts';
import type { StateArrays } from './state-arrays.ts';

/** Updates the weights of a graph, which lie on the backend. */
export interface DenseOptimizer {
  /** Gradients of all weights as `apply` takes them best; the caller's tidy holds what is made, or the caller owns it. */
  flatten(gradients: readonly tf.Tensor[]): DenseGradient;
  /**
   * One step.
   *
   * @param gradient stays the caller's
   * @param scale what gradients are multiplied by first (clipping)
   * @param step from 1 on
   */
  apply(gradient: DenseGradient, learningRate: number, scale: number, step: number): void;
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
