import { tf } from '../../model/backend/tf.ts';

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/**
 * AdamW over all dense weights at once (Loshchilov and Hutter 2019). Weights, gradients and moments are handled as one flat vector in the fixed order of the
 * graph's trainable weights: a dozen operations a step instead of a dozen a weight. That order is part of the checkpoint's contract.
 * Decay is for matrices only; gains are left alone.
 */
export class AdamW {
  readonly #weights: readonly tf.LayerVariable[];
  readonly #options: AdamOptions & { readonly weightDecay: number };
  readonly #sizes: number[];
  #flat: tf.Tensor1D;
  #firstMoment: tf.Tensor1D;
  #secondMoment: tf.Tensor1D;
  readonly #decay: tf.Tensor1D;

  constructor(weights: readonly tf.LayerVariable[], options: AdamOptions & { readonly weightDecay: number }) {
    this.#weights = weights;
    this.#options = options;
    this.#sizes = weights.map((weight) => weight.shape.reduce<number>((product, size) => product * (size ?? 1), 1));
    const total = this.#sizes.reduce((sum, size) => sum + size, 0);
    this.#flat = tf.tidy(() => tf.concat(weights.map((weight) => weight.read().flatten())));
    this.#firstMoment = tf.zeros([total]) as tf.Tensor1D;
    this.#secondMoment = tf.zeros([total]) as tf.Tensor1D;
    const decay = new Float32Array(total);
    let at = 0;
    weights.forEach((weight, index) => {
      const size = this.#sizes[index]!;
      if (weight.shape.length > 1) decay.fill(options.weightDecay, at, at + size);
      at += size;
    });
    this.#decay = tf.tensor1d(decay);
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
    const { beta1, beta2, epsilon } = this.#options;
    const [flat, firstMoment, secondMoment] = tf.tidy(() => {
      const scaled = tf.mul(gradient, scale);
      const first = tf.add(tf.mul(this.#firstMoment, beta1), tf.mul(scaled, 1 - beta1)) as tf.Tensor1D;
      const second = tf.add(tf.mul(this.#secondMoment, beta2), tf.mul(tf.square(scaled), 1 - beta2)) as tf.Tensor1D;
      const denominator = tf.add(tf.sqrt(tf.div(second, 1 - beta2 ** step)), epsilon);
      const update = tf.add(tf.div(tf.div(first, 1 - beta1 ** step), denominator), tf.mul(this.#decay, this.#flat));
      const updated = tf.sub(this.#flat, tf.mul(update, learningRate)) as tf.Tensor1D;
      return [updated, first, second] as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
    });
    tf.dispose([this.#flat, this.#firstMoment, this.#secondMoment]);
    this.#flat = flat;
    this.#firstMoment = firstMoment;
    this.#secondMoment = secondMoment;
    this.#writeWeights();
  }

  #writeWeights(): void {
    tf.tidy(() => {
      const parts = tf.split(this.#flat, this.#sizes);
      this.#weights.forEach((weight, index) => {
        weight.write(parts[index]!.reshape(weight.shape as number[]));
      });
    });
  }

  /** Both moments, each [weights], for a checkpoint. */
  async moments(): Promise<{ first: Float32Array; second: Float32Array }> {
    const [first, second] = await Promise.all([this.#firstMoment.data(), this.#secondMoment.data()]);
    return { first: first as Float32Array, second: second as Float32Array };
  }

  /** Takes up moments of a checkpoint; the weights themselves are read from the graph again. */
  restore(moments: { first: Float32Array; second: Float32Array }): void {
    tf.dispose([this.#flat, this.#firstMoment, this.#secondMoment]);
    this.#flat = tf.tidy(() => tf.concat(this.#weights.map((weight) => weight.read().flatten())));
    this.#firstMoment = tf.tensor1d(moments.first);
    this.#secondMoment = tf.tensor1d(moments.second);
  }

  dispose(): void {
    tf.dispose([this.#flat, this.#firstMoment, this.#secondMoment, this.#decay]);
  }
}
