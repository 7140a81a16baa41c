import { tf } from '../../model/index.ts';
import type { CompiledKernels } from '../../model/kernels/compiled/index.ts';
import type { DenseGradient } from './dense-gradient.ts';
import { type DecayOptions, decayOf, type WeightGroup } from './weight-groups.ts';

/** Numbers of one step, the same for all weights. */
export interface AdamWStep {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** What gradients are multiplied by first (clipping). */
  readonly scale: number;
  /** From 1 on, for the bias correction. */
  readonly step: number;
}

/**
 * AdamW in one pass over the memory of weights, gradients and moments, which changes weights and moments where they lie: of a large model each copy of the weights is hundreds of megabytes.
 *
 * Tensors of tfjs share memory freely (a copy, a reshape, what was read from a file), and whoever shares a weight's would see it change. So a weight is moved into memory of its own first,
 * and is changed in place as long as it still has that memory and no other tensor does. What shares it by an operation of TensorFlow (a reshape) is not seen here: nothing keeps such a tensor
 * from one step to the next.
 */
export class CompiledAdamW {
  /** The memory that a weight was moved to. */
  readonly #own = new WeakMap<tf.LayerVariable, object>();
  readonly #options: DecayOptions;

  constructor(options: DecayOptions) {
    this.#options = options;
  }

  /**
   * One step over a group of weights.
   *
   * @param gradient of all weights
   * @param moments [group's size] both; they change
   */
  apply(
    kernels: CompiledKernels,
    group: WeightGroup,
    gradient: DenseGradient,
    moments: { readonly first: tf.Tensor1D; readonly second: tf.Tensor1D },
    { learningRate, beta1, beta2, epsilon, scale, step }: AdamWStep,
  ): void {
    tf.tidy(() => {
      const { weights } = group;
      for (const weight of weights) this.#moveIntoOwnMemory(kernels, weight);
      const gradients = gradient.parts(group);
      const decays = weights.map((weight) => decayOf(weight, this.#options));
      const corrections = [1 / (1 - beta1 ** step), 1 / (1 - beta2 ** step)];
      const numbers = [learningRate, scale, beta1, 1 - beta1, beta2, 1 - beta2, ...corrections, epsilon, ...decays];
      kernels.run(
        'CemAdamW',
        { N: weights.length, M: gradients.length },
        [...weights.map((weight) => weight.read()), ...gradients, moments.first, moments.second, tf.tensor1d(numbers)],
        0,
      );
    });
  }

  /** To be called inside of a tidy. */
  #moveIntoOwnMemory(kernels: CompiledKernels, weight: tf.LayerVariable): void {
    const { dataId } = weight.read();
    if (this.#own.get(weight) === dataId && tf.backend().refCount(dataId) === 1) return;
    const [copy] = kernels.run('CemCopy', {}, [weight.read()], 1);
    weight.write(copy!);
    this.#own.set(weight, copy!.dataId);
  }
}
