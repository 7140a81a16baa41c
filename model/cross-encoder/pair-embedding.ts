import { CemLayer, inputsOf, shapesOf } from '../layers/layer.ts';
import { linear } from '../layers/operations.ts';
import { tf } from '../tf.ts';
import { layerNormalize } from './bert-operations.ts';

/** Texts of a pair. */
const TYPES = 2;

export interface PairEmbeddingOptions {
  readonly vocabulary: number;
  readonly positions: number;
  readonly dimension: number;
  readonly epsilon: number;
  /** Whether the vectors of the second text's tokens are told from those of the first; else all have the first type. */
  readonly typed: boolean;
}

/**
 * BERT's embedding: the sum of a token's, its place's and its text's vector, normalised.
 *
 * Inputs: ids [batch, positions] int32, types [batch, positions] int32. Output: [batch, positions, dimension].
 */
export class PairEmbedding extends CemLayer<PairEmbeddingOptions> {
  static readonly className = 'CemPairEmbedding';
  #weights: Record<'tokens' | 'places' | 'types' | 'gain' | 'shift', tf.LayerVariable> | undefined;

  override build(): void {
    const { vocabulary, positions, dimension } = this.options;
    this.#weights = {
      tokens: this.matrix('tokens/table', vocabulary, dimension),
      places: this.matrix('places/table', positions, dimension),
      types: this.matrix('types/table', TYPES, dimension),
      gain: this.gain('norm', dimension),
      shift: this.addWeight('norm-bias', [dimension], 'float32', tf.initializers.zeros()),
    };
    this.built = true;
  }

  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, positions] = shapesOf(shape)[0] as [number | null, number | null];
    return [batch, positions, this.options.dimension];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const [ids, types] = inputsOf(inputs) as [tf.Tensor, tf.Tensor];
      const { tokens, places, types: table, gain, shift } = this.#weights!;
      const { dimension, epsilon, typed } = this.options;
      const [batch, positions] = ids.shape as [number, number];
      const shape = [batch, positions, dimension];
      const ofTokens = tf.gather(tokens.read(), tf.cast(ids, 'int32').flatten()).reshape(shape);
      const ofPlaces = tf.slice(places.read(), [0, 0], [positions, dimension]); // [positions, dimension]
      const oneHot = tf.cast(
        tf.oneHot(typed ? tf.cast(types, 'int32').flatten() : tf.zeros([types.size], 'int32'), TYPES),
        'float32',
      ); // [batch * positions, types]
      const ofTypes = linear(oneHot, table.read()).reshape(shape);
      return layerNormalize(tf.add(tf.add(ofTokens, ofPlaces), ofTypes), gain.read(), shift.read(), epsilon);
    });
  }
}
