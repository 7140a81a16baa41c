import { tf } from '../../model/index.ts';
import { DenseGradient } from './dense-gradient.ts';
import type { DenseOptimizer } from './dense-optimizer.ts';
import { GroupVectors } from './group-vectors.ts';
import { type StateArrays, stateArray } from './state-arrays.ts';
import { type DecayOptions, groupDecay, groupWeights, readGroup, type WeightGroup, writeGroup } from './weight-groups.ts';

export interface LionOptions extends DecayOptions {
  /** How much of the momentum goes into the sign that a step takes. */
  readonly beta1: number;
  /** How much of the momentum stays. */
  readonly beta2: number;
}

/**
 * Lion (Chen et al. 2023, algorithm 2): `w -= rate * (sign(beta1 * m + (1 - beta1) * g) + decay * w)`, then `m = beta2 * m + (1 - beta2) * g`. Half of AdamW's state. Every
 * number moves by the whole rate, so that the paper takes a rate 3 to 10 times smaller than AdamW's and a decay as many times larger. Decay is for the weights that AdamW decays.
 */
export class Lion implements DenseOptimizer {
  readonly #options: LionOptions;
  readonly #groups: readonly WeightGroup[];
  readonly #decays: readonly (tf.Tensor1D | number)[];
  readonly #momentum: GroupVectors;

  /** @param groupNumbers numbers of a group, at most; results do not depend on it */
  constructor(weights: readonly tf.LayerVariable[], options: LionOptions, groupNumbers?: number) {
    this.#options = options;
    this.#groups = groupWeights(weights, groupNumbers);
    this.#decays = this.#groups.map((group) => groupDecay(group, options));
    this.#momentum = new GroupVectors(this.#groups);
  }

  flatten(gradients: readonly tf.Tensor[]): DenseGradient {
    return DenseGradient.flat(gradients);
  }

  apply(gradient: DenseGradient, learningRate: number, scale: number): void {
    const { beta1, beta2 } = this.#options;
    this.#groups.forEach((group, index) => {
      const momentum = tf.tidy(() => {
        const flat = readGroup(group);
        const before = this.#momentum.at(index);
        const scaled = tf.mul(gradient.part(group), scale);
        const direction = tf.sign(tf.add(tf.mul(before, beta1), tf.mul(scaled, 1 - beta1)));
        const update = tf.add(direction, tf.mul(this.#decays[index]!, flat));
        writeGroup(group, tf.sub(flat, tf.mul(update, learningRate)));
        return tf.add(tf.mul(before, beta2), tf.mul(scaled, 1 - beta2)) as tf.Tensor1D;
      });
      this.#momentum.replace(index, momentum);
    });
  }

  /** `dense/momentum`, [weights]. */
  async arrays(): Promise<StateArrays> {
    return new Map([['dense/momentum', await this.#momentum.array()]]);
  }

  restore(arrays: StateArrays): void {
    this.#momentum.restore(stateArray(arrays, 'dense/momentum', this.#momentum.length));
  }

  dispose(): void {
    this.#momentum.dispose();
    tf.dispose(this.#decays.filter((decay) => typeof decay !== 'number'));
  }
}
