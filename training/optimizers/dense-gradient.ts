import { tf } from '../../model/index.ts';
import { compiledKernels } from '../../model/kernels/compiled/index.ts';
import type { WeightGroup } from './weight-groups.ts';

/**
 * Gradients of all dense weights in the fixed order of the graph's trainable weights: one vector of all, or a tensor a weight where whoever uses them takes them so, which spares a
 * copy of them all.
 */
export class DenseGradient {
  /** [weights], or one shaped like each weight. */
  readonly tensors: readonly tf.Tensor[];

  /** Takes the tensors over. */
  constructor(tensors: readonly tf.Tensor[]) {
    this.tensors = tensors;
  }

  /** One vector; it and the gradients are the caller's tidy's. */
  static flat(gradients: readonly tf.Tensor[]): DenseGradient {
    return new DenseGradient([flatten(gradients)]);
  }

  /** Numbers in all of them. */
  get size(): number {
    return this.tensors.reduce((sum, { size }) => sum + size, 0);
  }

  /** [weights] all in one vector, perhaps the tensor that there is: to be called inside of a tidy. */
  vector(): tf.Tensor1D {
    const [first] = this.tensors;
    return this.tensors.length === 1 && first!.rank === 1 ? (first as tf.Tensor1D) : flatten(this.tensors);
  }

  /** A group's part: a tensor a weight, or [group's size] all in one. To be called inside of a tidy. */
  parts({ weights, firstWeight, from, size }: WeightGroup): readonly tf.Tensor[] {
    if (this.tensors.length > 1) return this.tensors.slice(firstWeight, firstWeight + weights.length);
    const vector = this.vector();
    return [size === vector.size ? vector : tf.slice1d(vector, from, size)];
  }

  /** [group's size] a group's part in one vector, perhaps the tensor that there is: to be called inside of a tidy. */
  part(group: WeightGroup): tf.Tensor1D {
    const parts = this.parts(group);
    return parts.length === 1 && parts[0]!.rank === 1 ? (parts[0] as tf.Tensor1D) : flatten(parts);
  }

  /** Scalar, in the caller's tidy. */
  sumOfSquares(): tf.Scalar {
    const kernels = compiledKernels();
    if (kernels) return kernels.run('CemSumOfSquares', { N: this.tensors.length }, this.tensors, 1)[0] as tf.Scalar;
    return tf.addN(this.tensors.map((tensor) => tf.sum(tf.square(tensor)))) as tf.Scalar;
  }

  /** The sum of both, which are disposed, each part as soon as it is added: three of a large model's gradients are never held at once. */
  plus(other: DenseGradient): DenseGradient {
    const sums = this.tensors.map((tensor, index) => {
      const addend = other.tensors[index]!;
      const sum = tf.add(tensor, addend);
      tf.dispose([tensor, addend]);
      return sum;
    });
    return new DenseGradient(sums);
  }

  dispose(): void {
    tf.dispose([...this.tensors]);
  }
}

function flatten(gradients: readonly tf.Tensor[]): tf.Tensor1D {
  return tf.tidy(() => tf.concat(gradients.map((gradient) => gradient.flatten())));
}
