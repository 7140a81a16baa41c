import { tf } from '../../model/index.ts';
import { GroupVectors } from './group-vectors.ts';
import { type StateArrays, stateArray } from './state-arrays.ts';
import { groupWeights, readGroup, type WeightGroup, writeGroup } from './weight-groups.ts';

/** Moving averages of a graph's weights, on the backend, renewed after every step. */
export class DenseAverages {
  readonly #groups: readonly WeightGroup[];
  readonly #averages: GroupVectors;
  /** The weights themselves while the graph has their averages. */
  #weights: GroupVectors | undefined;

  /**
   * Averages that begin with the weights.
   *
   * @param groupNumbers numbers of a group, at most; results do not depend on it
   */
  constructor(weights: readonly tf.LayerVariable[], groupNumbers?: number) {
    this.#groups = groupWeights(weights, groupNumbers);
    this.#averages = new GroupVectors(this.#groups, readGroup);
  }

  /** Takes in the weights as a step has left them: decay * average + (1 - decay) * weight. */
  renew(decay: number): void {
    this.#groups.forEach((group, index) => {
      const average = tf.tidy(() => tf.add(tf.mul(this.#averages.at(index), decay), tf.mul(readGroup(group), 1 - decay)));
      this.#averages.replace(index, average as tf.Tensor1D);
    });
  }

  /** Writes the averages into the graph, until `hide`. */
  show(): void {
    this.#weights = new GroupVectors(this.#groups, readGroup);
    this.#writeAll(this.#averages);
  }

  /** Puts the weights back. */
  hide(): void {
    if (!this.#weights) return;
    this.#writeAll(this.#weights);
    this.#weights.dispose();
    this.#weights = undefined;
  }

  #writeAll(vectors: GroupVectors): void {
    this.#groups.forEach((group, index) => {
      writeGroup(group, vectors.at(index));
    });
  }

  /** `dense/average` and, while the graph has them not, `dense/weights`, [weights] each. */
  async arrays(): Promise<StateArrays> {
    const arrays = new Map([['dense/average', await this.#averages.array()]]);
    if (this.#weights) arrays.set('dense/weights', await this.#weights.array());
    return arrays;
  }

  /** Takes up averages, and puts weights that stand beside them into the graph. */
  restore(arrays: StateArrays): void {
    this.#averages.restore(stateArray(arrays, 'dense/average', this.#averages.length));
    if (!arrays.has('dense/weights')) return;
    const weights = new GroupVectors(this.#groups);
    weights.restore(stateArray(arrays, 'dense/weights', weights.length));
    this.#writeAll(weights);
    weights.dispose();
  }

  dispose(): void {
    this.#averages.dispose();
    this.#weights?.dispose();
  }
}
