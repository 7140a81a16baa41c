import { suite } from 'uvu';
import { tf } from '../../../model/backend/index.ts';
import { L2Normalization, RmsNormalization, SkipBag, SymbolKindEmbedding } from '../../../model/layers/heads.ts';
import { linear, rmsNormalize, silu } from '../../../model/layers/operations.ts';
import { PatchPooling } from '../../../model/layers/patch-pooling.ts';
import { MaskedAttention, MaskedLast, MaskedMean } from '../../../model/layers/pooling.ts';
import { applyRotary } from '../../../model/layers/rotary.ts';
import { segmentMaximum, segmentSoftmax, segmentSum } from '../../../model/layers/segments.ts';
import { TransformerBlock } from '../../../model/layers/transformer-block.ts';
import { testBackend } from '../../backend.ts';
import { checkGradients, checkLayerGradients, type Variable } from '../gradient-check.ts';
import { randomValues } from '../tiny-model.ts';

const test = suite('gradients of layers');
test.before(async () => {
  await testBackend();
});

const EPSILON = 1e-5;

function variable(name: string, ...shape: number[]): Variable {
  return { name, shape, values: randomValues(tf.util.sizeFromShape(shape), name) };
}

test('operations: linear, RMS normalisation, SiLU, rotary positions', async () => {
  await checkGradients('linear', [variable('x', 2, 3, 4), variable('kernel', 4, 5)], ([x, kernel]) => linear(x!, kernel!));
  await checkGradients('rms', [variable('x', 3, 5), variable('gain', 5)], ([x, gain]) => rmsNormalize(x!, gain!, EPSILON));
  await checkGradients('silu', [variable('x', 12)], ([x]) => silu(x!));
  await checkGradients('rotary', [variable('x', 1, 2, 5, 4)], ([x]) => applyRotary(x as tf.Tensor4D, 100));
});

test('segments: sum, maximum, softmax', async () => {
  const segments = () => ({ ids: tf.tensor1d([0, 0, 0, 2, 3, 3, 4], 'int32'), count: 5, longest: 3 });
  await checkGradients('sum', [variable('x', 7, 3)], ([x]) => segmentSum(x as tf.Tensor2D, segments()));
  // Segment 1 has no rows, and 4 is the one for rows that belong nowhere: their maxima mean nothing.
  await checkGradients('maximum', [variable('x', 7, 3)], ([x]) =>
    tf.gather(segmentMaximum(x as tf.Tensor2D, segments()), [0, 2, 3]),
  );
  await checkGradients('softmax', [variable('x', 7, 3)], ([x]) => segmentSoftmax(x as tf.Tensor2D, segments()));
});

test('the maximum of rows that are equal shares its gradient: moving all of them moves it once', async () => {
  const segments = () => ({ ids: tf.tensor1d([0, 0, 0, 1], 'int32'), count: 2, longest: 3 });
  await checkGradients('ties', [variable('row', 1, 4)], ([row]) =>
    tf.slice(segmentMaximum(tf.tile(row as tf.Tensor2D, [4, 1]), segments()), 0, 1),
  );
});

for (const [name, options, positions] of [
  ['full', { causal: false }, 7],
  ['full, causal', { causal: true }, 7],
  ['a window that holds all', { causal: false, window: 4 }, 8],
  ['windows', { causal: false, window: 3 }, 12],
  ['windows, causal', { causal: true, window: 3 }, 12],
] as const) {
  test(`transformer block: ${name}`, async () => {
    const mask = () => [
      tf.tensor2d(
        Float32Array.from({ length: 2 * positions }, (_, i) => (i < 2 * positions - 2 ? 1 : 0)),
        [2, positions],
      ),
    ];
    const block = new TransformerBlock({ dimension: 8, heads: 2, feedForward: 10, ropeTheta: 100, epsilon: EPSILON, ...options });
    await checkLayerGradients(block, [variable('x', 2, positions, 8)], mask);
  });
}

test('patch pooling: one size, and any lengths', async () => {
  const options = { dimension: 6, heads: 3, queries: 2, epsilon: EPSILON };
  await checkLayerGradients(new PatchPooling({ ...options, patchSize: 3 }), [variable('states', 2, 6, 6)], () => [
    tf.tensor2d([1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1], [2, 6]),
  ]);
  await checkLayerGradients(new PatchPooling(options), [variable('states', 2, 6, 6)], () => [
    tf.tensor2d([0, 1, 1, 1, 3, -1, 0, 0, 1, 1, 1, 1], [2, 6], 'int32'),
    tf.tensor2d([1, 1, 0, 1, 1, 1, 0, 0], [2, 4]),
  ]);
});

test('heads: kinds, norms, poolings, the skip bag', async () => {
  const mask = () => [tf.tensor2d([1, 1, 0, 1, 1, 1], [2, 3])];
  const x = variable('x', 2, 3, 4);
  await checkLayerGradients(new SymbolKindEmbedding({ kinds: 3, dimension: 4 }), [x], () => [
    tf.tensor2d([0, 1, 2, 2, 2, 1], [2, 3], 'int32'),
  ]);
  await checkLayerGradients(new RmsNormalization({ epsilon: EPSILON }), [x]);
  await checkLayerGradients(new L2Normalization({ epsilon: EPSILON }), [x]);
  await checkLayerGradients(new MaskedMean({}), [x], mask);
  await checkLayerGradients(new MaskedLast({}), [x], mask);
  await checkLayerGradients(new MaskedAttention({ heads: 2 }), [x], mask);
  await checkLayerGradients(new SkipBag({ epsilon: EPSILON }), [x], () => [tf.tensor2d([1, 30, 4, 2, 0, 0], [2, 3])]);
});

test.run();
