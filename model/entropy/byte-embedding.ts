import { CemLayer, inputsOf, shapesOf } from '../layers/layer.ts';
import { linear } from '../layers/operations.ts';
import { tf } from '../tf.ts';

export interface ByteEmbeddingOptions {
  readonly ids: number;
  readonly dimension: number;
}

/**
 * A learned vector for every id. The rows are picked by a product with one-hot rows: fast in both directions on every backend at a few hundred ids.
 *
 * Input: ids [batch, positions] int32. Output: [batch, positions, dimension].
 */
export class ByteEmbedding extends CemLayer<ByteEmbeddingOptions> {
  static readonly className = 'CemByteEmbedding';
  #table: tf.LayerVariable | undefined;

  override build(): void {
    this.#table = this.matrix('table', this.options.ids, this.options.dimension);
    this.built = true;
  }

  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, positions] = shapesOf(shape)[0] as [number | null, number | null];
    return [batch, positions, this.options.dimension];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const ids = inputsOf(inputs)[0]!;
      const oneHot = tf.oneHot(tf.cast(ids, 'int32').flatten(), this.options.ids); // [batch * positions, ids]
      return linear(tf.cast(oneHot, 'float32'), this.#table!.read()).reshape([...ids.shape, this.options.dimension]);
    });
  }
}
