import { tf } from '../../model/index.ts';
import { type DenseRule, type DenseStep, decayed, likeWeights, type MomentKind, type Moments } from './dense-rule.ts';

/** `Lion` of ../optimizers. */
export class LionRule implements DenseRule {
  readonly kinds: readonly MomentKind[];
  readonly #decays: readonly number[];
  readonly #options: { readonly beta1: number; readonly beta2: number };

  constructor(
    weights: readonly tf.LayerVariable[],
    decays: readonly number[],
    options: { readonly beta1: number; readonly beta2: number },
  ) {
    this.kinds = [likeWeights('momentum', weights)];
    this.#decays = decays;
    this.#options = options;
  }

  numbers(): number[] {
    return [];
  }

  update(weights: readonly tf.Tensor[], gradients: readonly tf.Tensor[], moments: Moments, { rate, scale }: DenseStep) {
    const { beta1, beta2 } = this.#options;
    const momentum: tf.Tensor[] = [];
    const changed = weights.map((weight, index) => {
      const before = moments['momentum']![index]!;
      const scaled = tf.mul(gradients[index]!, scale);
      momentum.push(tf.add(tf.mul(before, beta2), tf.mul(scaled, 1 - beta2)));
      const direction = tf.sign(tf.add(tf.mul(before, beta1), tf.mul(scaled, 1 - beta1)));
      return tf.sub(weight, tf.mul(decayed(direction, weight, this.#decays[index]!), rate));
    });
    return { weights: changed, moments: { momentum } };
  }
}
