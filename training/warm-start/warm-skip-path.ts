import type { CemModel } from '../../model/index.ts';
import { tf } from '../../model/index.ts';

/**
 * What is left of the drawn weights from the transformer to the output, whose noise would hide what the tables know: enough for its gradient to flow. After 25 steps the loss was 0.46 with it, 0.52
 * with the whole (3,000 passages of technical documentation, LSA).
 */
const TRANSFORMER_SHARE = 0.1;

/**
 * Makes a new model's skip path turn sums of fitted rows into what they were fitted to: an even gate, and a projection of the size that a drawn one has (outputs of mean square one).
 * The transformer's own projection is made small.
 *
 * @param directions [at most width, dimension] what each column of the tables stands for
 * @param scales [width] what the tables' columns were multiplied by after they were fitted
 * @param fitted [texts, width] the fitted sums of rows before that
 */
export function writeSkipPath(model: CemModel, directions: Float32Array, scales: Float64Array, fitted: Float32Array): void {
  const { dimension, graph } = model;
  const width = scales.length;
  const projection = matrixOf(graph, 'skip/projection');
  const gate = matrixOf(graph, 'skip/bag');
  const transformer = matrixOf(graph, 'projection');
  const factor = Math.sqrt(dimension / meanSquare(fitted, scales));
  tf.tidy(() => {
    gate.write(tf.zerosLike(gate.read()));
    transformer.write(tf.mul(transformer.read(), TRANSFORMER_SHARE));
    const columns = directions.length / dimension;
    const factors = tf.tensor2d(
      Float32Array.from({ length: columns }, (_, column) => factor / scales[column]!),
      [columns, 1],
    );
    const fit = tf.mul(tf.tensor2d(directions, [columns, dimension]), factors); // [columns, dimension]
    // Columns behind the directions are zero in all tables: what is drawn for them stays.
    const drawn = columns < width ? [tf.slice(projection.read(), [columns, 0])] : [];
    projection.write(tf.concat([fit, ...drawn], 0)); // [width, dimension]
  });
}

/** Mean over the texts of what |fitted|^2 is when the bag's norm has been divided out: |fitted|^2 / mean((fitted * scales)^2). */
function meanSquare(fitted: Float32Array, scales: Float64Array): number {
  const width = scales.length;
  let sum = 0;
  for (let from = 0; from < fitted.length; from += width) {
    let [before, after] = [0, 0];
    for (let column = 0; column < width; column++) {
      const value = fitted[from + column]!;
      before += value ** 2;
      after += (value * scales[column]!) ** 2 / width;
    }
    if (after > 0) sum += before / after;
  }
  return sum / (fitted.length / width);
}

/** The only matrix of a layer. */
function matrixOf(graph: tf.LayersModel, layer: string): tf.LayerVariable {
  return graph.getLayer(layer).weights.find(({ shape }) => shape.length === 2)!;
}
