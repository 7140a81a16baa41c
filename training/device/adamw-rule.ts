import { tf } from '../../model/index.ts';
import { type DenseRule, type DenseStep, decayed, likeWeights, type MomentKind, type Moments } from './dense-rule.ts';

/** `AdamW` of ../optimizers. */
export class AdamWRule implements DenseRule {
  readonly kinds: readonly MomentKind[];
  readonly #decays: readonly number[];
  readonly #options: { readonly beta1: number; readonly beta2: number; readonly epsilon: number };

  constructor(
    weights: readonly tf.LayerVariable[],
    decays: readonly number[],
    options: { readonly beta1: number; readonly beta2: number; readonly epsilon: number },
  ) {
    this.kinds = [likeWeights('first', weights), likeWeights('second', weights)];
    this.#decays = decays;
    this.#options = options;
  }

  numbers(step: number): number[] {
    const { beta1, beta2 } = this.#options;
    return [1 - beta1 ** step, 1 - beta2 ** step];
  }

  update(weights: readonly tf.Tensor[], gradients: readonly tf.Tensor[], moments: Moments, { rate, scale, numbers }: DenseStep) {
    const { beta1, beta2, epsilon } = this.#options;
    const [firstShare, secondShare] = numbers as [tf.Scalar, tf.Scalar];
    const first: tf.Tensor[] = [];
    const second: tf.Tensor[] = [];
    const changed = weights.map((weight, index) => {
      const scaled = tf.mul(gradients[index]!, scale);
      first.push(tf.add(tf.mul(moments['first']![index]!, beta1), tf.mul(scaled, 1 - beta1)));
      second.push(tf.add(tf.mul(moments['second']![index]!, beta2), tf.mul(tf.square(scaled), 1 - beta2)));
      const denominator = tf.add(tf.sqrt(tf.div(second[index]!, secondShare)), epsilon);
      const direction = tf.div(tf.div(first[index]!, firstShare), denominator);
      return tf.sub(weight, tf.mul(decayed(direction, weight, this.#decays[index]!), rate));
    });
    return { weights: changed, moments: { first, second } };
  }
}
