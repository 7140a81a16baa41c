import { tf } from '../../model/backend/tf.ts';
import type { WeightGroup } from './weight-groups.ts';

/** One number for each number of the weights, kept on the backend as a vector a group. */
export class GroupVectors {
  readonly #groups: readonly WeightGroup[];
  readonly #vectors: tf.Tensor1D[];

  /** @param initial [group's size] what a group begins with; by default zeros */
  constructor(groups: readonly WeightGroup[], initial: (group: WeightGroup) => tf.Tensor1D = ({ size }) => tf.zeros([size])) {
    this.#groups = groups;
    this.#vectors = groups.map((group) => initial(group));
  }

  /** [group's size]; it belongs to these vectors. */
  at(index: number): tf.Tensor1D {
    return this.#vectors[index]!;
  }

  /** Takes over a vector in the place of the one that was there. */
  replace(index: number, vector: tf.Tensor1D): void {
    this.#vectors[index]!.dispose();
    this.#vectors[index] = vector;
  }

  /** How many numbers there are. */
  get length(): number {
    return this.#groups.reduce((sum, { size }) => sum + size, 0);
  }

  /** All numbers in the order of the weights, which does not depend on the groups. */
  async array(): Promise<Float32Array> {
    const all = new Float32Array(this.length);
    for (const [index, { from }] of this.#groups.entries()) all.set((await this.at(index).data()) as Float32Array, from);
    return all;
  }

  /** @param all as `array` gives them */
  restore(all: Float32Array): void {
    this.#groups.forEach(({ from, size }, index) => {
      this.replace(index, tf.tensor1d(all.slice(from, from + size)));
    });
  }

  dispose(): void {
    tf.dispose(this.#vectors);
  }
}
