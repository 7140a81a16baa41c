import { attentionProduct } from '../kernels/tfjs/attention-product.ts';
import { CemLayer, inputsOf, shapesOf } from '../layers/layer.ts';
import { joinHeads, MASKED_SCORE, maskBias, splitHeads } from '../layers/operations.ts';
import { recomputed } from '../layers/recompute.ts';
import { tf } from '../tf.ts';
import { affine, gelu, layerNormalize } from './bert-operations.ts';

export interface BertBlockOptions {
  readonly dimension: number;
  readonly heads: number;
  readonly feedForward: number;
  readonly epsilon: number;
  /** A token sees those of its own text alone. */
  readonly separate: boolean;
}

const WEIGHT_NAMES = [
  'projections',
  'projectionBiases',
  'output',
  'outputBias',
  'attentionGain',
  'attentionShift',
  'up',
  'upBias',
  'down',
  'downBias',
  'gain',
  'shift',
] as const;
type BlockWeights<Weight> = Record<(typeof WEIGHT_NAMES)[number], Weight>;

/**
 * BERT's block: attention -> residual -> LayerNorm -> `gelu(x W + b) W + b` -> residual -> LayerNorm. Query, key and value are one product.
 *
 * Inputs: x [batch, positions, dimension], mask [batch, positions], types [batch, positions]: which text a token is of. Output: [batch, positions, dimension].
 */
export class BertBlock extends CemLayer<BertBlockOptions> {
  static readonly className = 'CemBertBlock';
  /** Keep no intermediate results for the gradient and compute them again then: memory for time. */
  recompute = false;
  #weights: BlockWeights<tf.LayerVariable> | undefined;

  override build(): void {
    const { dimension, feedForward } = this.options;
    const bias = (name: string, size: number) => this.addWeight(name, [size], 'float32', tf.initializers.zeros());
    this.#weights = {
      projections: this.matrix('attention/query.key.value', dimension, 3 * dimension),
      projectionBiases: bias('attention/biases', 3 * dimension),
      output: this.matrix('attention/output', dimension, dimension),
      outputBias: bias('attention/output-bias', dimension),
      attentionGain: this.gain('attention/norm', dimension),
      attentionShift: bias('attention/norm-bias', dimension),
      up: this.matrix('feed-forward/up', dimension, feedForward),
      upBias: bias('feed-forward/up-bias', feedForward),
      down: this.matrix('feed-forward/down', feedForward, dimension),
      downBias: bias('feed-forward/down-bias', dimension),
      gain: this.gain('feed-forward/norm', dimension),
      shift: bias('feed-forward/norm-bias', dimension),
    };
    this.built = true;
  }

  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    return shapesOf(shape)[0]!;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const [x, mask, types] = inputsOf(inputs) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const weights = WEIGHT_NAMES.map((name) => this.#weights![name].read());
      const forward = ([state, ...read]: readonly tf.Tensor[], [shown, texts]: readonly tf.Tensor[]) => {
        const named = Object.fromEntries(WEIGHT_NAMES.map((name, index) => [name, read[index]!])) as BlockWeights<tf.Tensor>;
        return this.#forward(state!, shown!, texts!, named);
      };
      return this.recompute ? recomputed(forward, [x, ...weights], [mask, types]) : forward([x, ...weights], [mask, types]);
    });
  }

  #forward(x: tf.Tensor, mask: tf.Tensor, types: tf.Tensor, weights: BlockWeights<tf.Tensor>): tf.Tensor {
    const { heads, dimension, epsilon, separate } = this.options;
    const [batch, positions] = x.shape as [number, number];
    const rows = x.reshape([-1, dimension]);
    const bias = { keys: maskBias(mask).reshape([batch, positions]) as tf.Tensor2D, ...(separate && { pairs: textBias(types) }) };
    const projected = affine(rows, weights.projections, weights.projectionBiases).reshape([batch, positions, 3 * dimension]);
    const [query, key, value] = tf.split(projected, 3, 2).map((part) => splitHeads(part, heads)) as [
      tf.Tensor4D,
      tf.Tensor4D,
      tf.Tensor4D,
    ];
    const attended = joinHeads(attentionProduct(query, key, value, bias)).reshape([-1, dimension]);
    const between = layerNormalize(
      tf.add(rows, affine(attended, weights.output, weights.outputBias)),
      weights.attentionGain,
      weights.attentionShift,
      epsilon,
    );
    const wide = gelu(affine(between, weights.up, weights.upBias));
    const sum = tf.add(between, affine(wide, weights.down, weights.downBias));
    return layerNormalize(sum, weights.gain, weights.shift, epsilon).reshape(x.shape);
  }
}

/** [batch, 1, positions, positions] 0 where both tokens are of one text, far below any score elsewhere. */
function textBias(types: tf.Tensor): tf.Tensor4D {
  const [batch, positions] = types.shape as [number, number];
  const texts = tf.cast(types, 'float32');
  const differs = tf.abs(tf.sub(texts.reshape([batch, 1, positions, 1]), texts.reshape([batch, 1, 1, positions])));
  return tf.mul(differs, -MASKED_SCORE) as tf.Tensor4D;
}
