import { tf } from '../../model/index.ts';
import { compiledKernels } from '../../model/kernels/compiled/index.ts';
import { CompiledAdamW } from './compiled-adamw.ts';
import { DenseGradient } from './dense-gradient.ts';
import type { DenseOptimizer } from './dense-optimizer.ts';
import { GroupVectors } from './group-vectors.ts';
import { type StateArrays, stateArray } from './state-arrays.ts';
import { type DecayOptions, groupDecay, groupWeights, readGroup, type WeightGroup, writeGroup } from './weight-groups.ts';

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface AdamWOptions extends AdamOptions, DecayOptions {}

/**
 * AdamW (Loshchilov and Hutter 2019). Weights, gradients and moments are handled as flat vectors in the fixed order of the graph's trainable weights: a dozen operations a group of
 * weights instead of a dozen a weight. Groups are no part of the checkpoint's contract, since every number is updated by itself; the order of its arrays is, see `GroupVectors`.
 * Decay is for matrices only, by choice without embeddings; gains are left alone. Where there are compiled kernels, one pass over all memory does it in place (`CompiledAdamW`).
 */
export class AdamW implements DenseOptimizer {
  readonly #options: AdamWOptions;
  readonly #groups: readonly WeightGroup[];
  /** Compiled kernels have no need of them. */
  #decays: readonly (tf.Tensor1D | number)[] | undefined;
  readonly #first: GroupVectors;
  readonly #second: GroupVectors;
  readonly #compiled: CompiledAdamW;

  /** @param groupNumbers numbers of a group, at most; results do not depend on it */
  constructor(weights: readonly tf.LayerVariable[], options: AdamWOptions, groupNumbers?: number) {
    this.#options = options;
    this.#groups = groupWeights(weights, groupNumbers);
    this.#first = new GroupVectors(this.#groups);
    this.#second = new GroupVectors(this.#groups);
    this.#compiled = new CompiledAdamW(options);
    if (!compiledKernels()) this.#groupDecays();
  }

  #groupDecays(): readonly (tf.Tensor1D | number)[] {
    this.#decays ??= this.#groups.map((group) => groupDecay(group, this.#options));
    return this.#decays;
  }

  flatten(gradients: readonly tf.Tensor[]): DenseGradient {
    // One pass over everything takes gradients where they lie.
    return compiledKernels() ? new DenseGradient(gradients) : DenseGradient.flat(gradients);
  }

  /** @param step from 1 on, for the bias correction */
  apply(gradient: DenseGradient, learningRate: number, scale: number, step: number): void {
    const kernels = compiledKernels();
    if (kernels) {
      const numbers = { ...this.#options, learningRate, scale, step };
      this.#groups.forEach((group, index) => {
        const moments = { first: this.#first.at(index), second: this.#second.at(index) };
        this.#compiled.apply(kernels, group, gradient, moments, numbers);
      });
      return;
    }
    const { beta1, beta2, epsilon } = this.#options;
    const decays = this.#groupDecays();
    this.#groups.forEach((group, index) => {
      const [first, second] = tf.tidy(() => {
        const flat = readGroup(group);
        const scaled = tf.mul(gradient.part(group), scale);
        const firstMoment = tf.add(tf.mul(this.#first.at(index), beta1), tf.mul(scaled, 1 - beta1)) as tf.Tensor1D;
        const secondMoment = tf.add(tf.mul(this.#second.at(index), beta2), tf.mul(tf.square(scaled), 1 - beta2)) as tf.Tensor1D;
        const denominator = tf.add(tf.sqrt(tf.div(secondMoment, 1 - beta2 ** step)), epsilon);
        const update = tf.add(tf.div(tf.div(firstMoment, 1 - beta1 ** step), denominator), tf.mul(decays[index]!, flat));
        writeGroup(group, tf.sub(flat, tf.mul(update, learningRate)));
        return [firstMoment, secondMoment] as [tf.Tensor1D, tf.Tensor1D];
      });
      this.#first.replace(index, first);
      this.#second.replace(index, second);
    });
  }

  /** `dense/first` and `dense/second`, the moments, [weights] each. */
  async arrays(): Promise<StateArrays> {
    return new Map([
      ['dense/first', await this.#first.array()],
      ['dense/second', await this.#second.array()],
    ]);
  }

  restore(arrays: StateArrays): void {
    this.#first.restore(stateArray(arrays, 'dense/first', this.#first.length));
    this.#second.restore(stateArray(arrays, 'dense/second', this.#second.length));
  }

  dispose(): void {
    for (const moments of [this.#first, this.#second]) moments.dispose();
    tf.dispose((this.#decays ?? []).filter((decay) => typeof decay !== 'number'));
  }
}
