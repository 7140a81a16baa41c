import { tf } from '../tf.ts';
import { CemLayer, inputsOf, shapesOf } from './layer.ts';
import { linear, rmsNormalize } from './operations.ts';

export interface SymbolKindOptions {
  readonly kinds: number;
  readonly dimension: number;
}

/**
 * Adds to every symbol's embedding the learned vector of its (kind, length).
 *
 * Inputs: embeddings [batch, symbols, dimension], kinds [batch, symbols] int32. Output: [batch, symbols, dimension].
 */
export class SymbolKindEmbedding extends CemLayer<SymbolKindOptions> {
  static readonly className = 'CemSymbolKindEmbedding';
  #table: tf.LayerVariable | undefined;

  override build(): void {
    this.#table = this.matrix('table', this.options.kinds, this.options.dimension);
    this.built = true;
  }

  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    return shapesOf(shape)[0]!;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const [embeddings, kinds] = inputsOf(inputs) as [tf.Tensor, tf.Tensor];
      const oneHot = tf.oneHot(tf.cast(kinds, 'int32').flatten(), this.options.kinds); // [batch * symbols, kinds]
      return tf.add(embeddings, linear(tf.cast(oneHot, 'float32'), this.#table!.read()).reshape(embeddings.shape));
    });
  }
}

export interface RmsNormalizationOptions {
  readonly epsilon: number;
}

/** RMSNorm over the last axis, whose shape it keeps. */
export class RmsNormalization extends CemLayer<RmsNormalizationOptions> {
  static readonly className = 'CemRmsNormalization';
  #gain: tf.LayerVariable | undefined;

  override build(shape: tf.Shape | tf.Shape[]): void {
    this.#gain = this.gain('gain', shapesOf(shape)[0]!.at(-1)!);
    this.built = true;
  }

  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    return shapesOf(shape)[0]!;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => rmsNormalize(inputsOf(inputs)[0]!, this.#gain!.read(), this.options.epsilon));
  }
}

/**
 * Mask of symbols or of patches from the bytes that symbols stand for: 1 where a group of `groupSize` symbols holds a real one.
 *
 * Input: lengths [batch, symbols]. Output: [batch, symbols / groupSize].
 */
export class LengthMask extends CemLayer<{ readonly groupSize: number }> {
  static readonly className = 'CemLengthMask';

  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, symbols] = shapesOf(shape)[0] as [number | null, number | null];
    return [batch, symbols === null ? null : symbols / this.options.groupSize];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const lengths = inputsOf(inputs)[0]!;
      const [batch, symbols] = lengths.shape as [number, number];
      const { groupSize } = this.options;
      return tf.minimum(tf.max(lengths.reshape([batch, symbols / groupSize, groupSize]), 2), 1);
    });
  }
}

/**
 * The n-gram skip path's bag: `sum_i sigmoid(w . RMSNorm(x_i)) sqrt(length_i) x_i / sum_i sqrt(length_i)`, RMS-normalised: a static embedding inside the model.
 *
 * Inputs: embeddings [batch, symbols, dimension], lengths [batch, symbols] (0: padding). Output: [batch, dimension].
 */
export class SkipBag extends CemLayer<RmsNormalizationOptions> {
  static readonly className = 'CemSkipBag';
  #weights: Record<'symbolNorm' | 'gate' | 'bagNorm', tf.LayerVariable> | undefined;

  override build(shape: tf.Shape | tf.Shape[]): void {
    const dimension = shapesOf(shape)[0]!.at(-1)!;
    this.#weights = {
      symbolNorm: this.gain('symbol-norm', dimension),
      gate: this.matrix('gate', dimension, 1),
      bagNorm: this.gain('bag-norm', dimension),
    };
    this.built = true;
  }

  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, , dimension] = shapesOf(shape)[0] as [number | null, number | null, number];
    return [batch, dimension];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const [embeddings, lengths] = inputsOf(inputs) as [tf.Tensor, tf.Tensor];
      const weights = this.#weights!;
      const { epsilon } = this.options;
      const gate = tf.sigmoid(linear(rmsNormalize(embeddings, weights.symbolNorm.read(), epsilon), weights.gate.read())); // [batch, symbols, 1]
      const share = tf.sqrt(lengths); // [batch, symbols]
      const total = tf.maximum(tf.sum(share, 1, true), 1); // [batch, 1]
      const weight = tf.mul(gate, tf.expandDims(share, 2)); // [batch, symbols, 1]
      // [batch, 1, symbols] x [batch, symbols, dimension]
      const bag = tf.matMul(weight as tf.Tensor3D, embeddings as tf.Tensor3D, true, false).squeeze([1]);
      return rmsNormalize(tf.div(bag, total), weights.bagNorm.read(), epsilon);
    });
  }
}

/** x / |x| over the last axis. */
export class L2Normalization extends CemLayer<RmsNormalizationOptions> {
  static readonly className = 'CemL2Normalization';

  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    return shapesOf(shape)[0]!;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = inputsOf(inputs)[0]!;
      return tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), -1, true), this.options.epsilon)));
    });
  }
}
