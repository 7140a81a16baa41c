import { tf } from '../../model/backend/tf.ts';

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface AdamWOptions extends AdamOptions {
  readonly weightDecay: number;
  /** Whether embeddings decay as other matrices do; they do unless this is false. */
  readonly decayEmbeddings?: boolean | undefined;
}

/** Last part of the names of weights that are looked up and not multiplied with. */
const EMBEDDING = /(^|\/)table$/;

/** Numbers that are updated together: few enough that the dozen intermediate results of an update are small beside a large model. */
const GROUP_NUMBERS = 2 ** 22;

/** Neighbouring weights that are updated as one vector. */
interface WeightGroup {
  readonly weights: readonly tf.LayerVariable[];
  readonly sizes: readonly number[];
  /** Place of the first number in the flat order of all weights. */
  readonly from: number;
  readonly size: number;
  /** [size] or one number for all. */
  readonly decay: tf.Tensor1D | number;
  first: tf.Tensor1D;
  second: tf.Tensor1D;
}

/**
 * AdamW (Loshchilov and Hutter 2019). Weights, gradients and moments are handled as flat vectors in the fixed order of the graph's trainable weights: a dozen operations a group of
 * weights instead of a dozen a weight. That order is part of the checkpoint's contract; groups are not, since every number is updated by itself.
 * Decay is for matrices only, by choice without embeddings; gains are left alone.
 */
export class AdamW {
  readonly #options: AdamOptions;
  readonly #groups: readonly WeightGroup[];

  /** @param groupNumbers numbers of a group, at most; results do not depend on it */
  constructor(weights: readonly tf.LayerVariable[], options: AdamWOptions, groupNumbers = GROUP_NUMBERS) {
    this.#options = options;
    this.#groups = groupWeights(weights, options, groupNumbers);
  }

  /** Gradients of all weights as one vector; the caller owns it. */
  flatten(gradients: readonly tf.Tensor[]): tf.Tensor1D {
    return tf.tidy(() => tf.concat(gradients.map((gradient) => gradient.flatten())));
  }

  /**
   * One step.
   *
   * @param gradient as `flatten` gives it
   * @param scale what gradients are multiplied by first (clipping)
   * @param step from 1 on, for the bias correction
   */
  apply(gradient: tf.Tensor1D, learningRate: number, scale: number, step: number): void {
    for (const group of this.#groups) this.#applyGroup(group, gradient, learningRate, scale, step);
  }

  #applyGroup(group: WeightGroup, gradient: tf.Tensor1D, learningRate: number, scale: number, step: number): void {
    const { beta1, beta2, epsilon } = this.#options;
    const [first, second] = tf.tidy(() => {
      const flat = flatWeights(group);
      const part = group.size === gradient.size ? gradient : tf.slice1d(gradient, group.from, group.size);
      const scaled = tf.mul(part, scale);
      const firstMoment = tf.add(tf.mul(group.first, beta1), tf.mul(scaled, 1 - beta1)) as tf.Tensor1D;
      const secondMoment = tf.add(tf.mul(group.second, beta2), tf.mul(tf.square(scaled), 1 - beta2)) as tf.Tensor1D;
      const denominator = tf.add(tf.sqrt(tf.div(secondMoment, 1 - beta2 ** step)), epsilon);
      const update = tf.add(tf.div(tf.div(firstMoment, 1 - beta1 ** step), denominator), tf.mul(group.decay, flat));
      const updated = tf.split(tf.sub(flat, tf.mul(update, learningRate)), [...group.sizes]);
      group.weights.forEach((weight, index) => {
        weight.write(updated[index]!.reshape(weight.shape as number[]));
      });
      return [firstMoment, secondMoment] as [tf.Tensor1D, tf.Tensor1D];
    });
    tf.dispose([group.first, group.second]);
    group.first = first;
    group.second = second;
  }

  /** Both moments, each [weights], for a checkpoint. */
  async moments(): Promise<{ first: Float32Array; second: Float32Array }> {
    const total = this.#groups.reduce((sum, group) => sum + group.size, 0);
    const [first, second] = [new Float32Array(total), new Float32Array(total)];
    for (const group of this.#groups) {
      first.set((await group.first.data()) as Float32Array, group.from);
      second.set((await group.second.data()) as Float32Array, group.from);
    }
    return { first, second };
  }

  /** Takes up moments of a checkpoint. */
  restore(moments: { first: Float32Array; second: Float32Array }): void {
    for (const group of this.#groups) {
      tf.dispose([group.first, group.second]);
      group.first = tf.tensor1d(moments.first.slice(group.from, group.from + group.size));
      group.second = tf.tensor1d(moments.second.slice(group.from, group.from + group.size));
    }
  }

  dispose(): void {
    for (const { first, second, decay } of this.#groups)
      tf.dispose([first, second, ...(typeof decay === 'number' ? [] : [decay])]);
  }
}

/** Cuts weights, in their order, into groups; a weight that is larger than a group is one by itself. */
function groupWeights(weights: readonly tf.LayerVariable[], options: AdamWOptions, groupNumbers: number): WeightGroup[] {
  const groups: WeightGroup[] = [];
  let members: tf.LayerVariable[] = [];
  let size = 0;
  let from = 0;
  const close = () => {
    if (members.length === 0) return;
    const sizes = members.map(sizeOf);
    const shares = members.map((weight) => (decays(weight, options) ? options.weightDecay : 0));
    const uniform = shares.every((share) => share === shares[0]);
    groups.push({
      weights: members,
      sizes,
      from,
      size,
      decay: uniform
        ? shares[0]!
        : (tf.tidy(() => tf.concat(sizes.map((length, index) => tf.fill([length], shares[index]!)))) as tf.Tensor1D),
      first: tf.zeros([size]),
      second: tf.zeros([size]),
    });
    from += size;
    members = [];
    size = 0;
  };
  for (const weight of weights) {
    if (size + sizeOf(weight) > groupNumbers) close();
    members.push(weight);
    size += sizeOf(weight);
  }
  close();
  return groups;
}

/** Gains never decay. */
function decays(weight: tf.LayerVariable, { decayEmbeddings = true }: AdamWOptions): boolean {
  return weight.shape.length > 1 && (decayEmbeddings || !EMBEDDING.test(weight.originalName));
}

function sizeOf(weight: tf.LayerVariable): number {
  return weight.shape.reduce<number>((product, length) => product * (length ?? 1), 1);
}

/** [size] */
function flatWeights({ weights }: WeightGroup): tf.Tensor {
  return tf.concat(weights.map((weight) => weight.read().flatten()));
}
