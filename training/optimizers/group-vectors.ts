import { tf, toNamedOrder, toVariableOrder } from '../../model/index.ts';
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

  /** Takes over a vector in the place of the one that was there, from the caller's tidy too. */
  replace(index: number, vector: tf.Tensor1D): void {
    this.#vectors[index]!.dispose();
    this.#vectors[index] = tf.keep(vector);
  }

  /** How many numbers there are. */
  get length(): number {
    return this.#groups.reduce((sum, { size }) => sum + size, 0);
  }

  /** All numbers in the order of the weights as files name them (`namedWeights`), which depends neither on the groups nor on how variables hold the weights. */
  async array(): Promise<Float32Array> {
    const all = new Float32Array(this.length);
    for (const [index, group] of this.#groups.entries()) {
      const values = (await this.at(index).data()) as Float32Array;
      for (const { variable, from, to } of placesOf(group))
        all.set(toNamedOrder(variable, values.subarray(from, to)), group.from + from);
    }
    return all;
  }

  /** @param all as `array` gives them */
  restore(all: Float32Array): void {
    this.#groups.forEach((group, index) => {
      const values = new Float32Array(group.size);
      for (const { variable, from, to } of placesOf(group))
        values.set(toVariableOrder(variable, all.subarray(group.from + from, group.from + to)), from);
      this.replace(index, tf.tensor1d(values));
    });
  }

  dispose(): void {
    tf.dispose(this.#vectors);
  }
}

/** Where the numbers of each variable lie in a group's vector. */
function placesOf({ weights, sizes }: WeightGroup): { variable: tf.LayerVariable; from: number; to: number }[] {
  let to = 0;
  return weights.map((variable, index) => {
    const from = to;
    to += sizes[index]!;
    return { variable, from, to };
  });
}
