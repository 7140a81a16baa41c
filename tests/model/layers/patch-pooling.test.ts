import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tf } from '../../../model/backend/index.ts';
import { PatchPooling } from '../../../model/layers/patch-pooling.ts';
import { testBackend } from '../../backend.ts';
import { randomValues } from '../tiny-model.ts';
import { applied, assertClose, EPSILON, product, randomizeWeights, rms } from './layer-checks.ts';

const test = suite('patch pooling');
test.before(async () => {
  await testBackend();
});

const DIMENSION = 6;
const HEADS = 3;
const QUERIES = 2;
const WIDTH = DIMENSION / HEADS;

/** Plain loops over the members of each patch; a patch without members is zeros. */
function plainPooling(
  states: Float32Array,
  patches: readonly (readonly number[])[],
  weights: Record<string, Float32Array>,
): number[] {
  const stateOf = (place: number) => [...states.subarray(place * DIMENSION, (place + 1) * DIMENSION)];
  return patches.flatMap((members) => {
    if (members.length === 0) return Array<number>(QUERIES * DIMENSION).fill(0);
    const largest = Array.from({ length: DIMENSION }, (_, channel) =>
      Math.max(...members.map((place) => stateOf(place)[channel]!)),
    );
    const widened = product(largest, weights['widen']!, QUERIES * DIMENSION);
    const normed = members.map((place) => rms(stateOf(place), weights['symbol-norm']!));
    const keys = normed.map((state) => product(state, weights['key']!, DIMENSION));
    const values = normed.map((state) => product(state, weights['value']!, DIMENSION));
    return Array.from({ length: QUERIES }, (_, number) => {
      const asked = widened.slice(number * DIMENSION, (number + 1) * DIMENSION);
      const query = product(rms(asked, weights['query-norm']!), weights['query']!, DIMENSION);
      const attended = Array.from({ length: DIMENSION }, (_unused, channel) => {
        const first = Math.floor(channel / WIDTH) * WIDTH;
        const scores = keys.map((key) => {
          let score = 0;
          for (let c = first; c < first + WIDTH; c++) score += query[c]! * key[c]!;
          return Math.exp(score / Math.sqrt(WIDTH));
        });
        const total = scores.reduce((sum, score) => sum + score, 0);
        return values.reduce((sum, value, member) => sum + (scores[member]! / total) * value[channel]!, 0);
      });
      const projected = product(attended, weights['output']!, DIMENSION);
      return asked.map((value, channel) => 2 * value + projected[channel]!);
    }).flat();
  });
}

const options = { dimension: DIMENSION, heads: HEADS, queries: QUERIES, epsilon: EPSILON };

test('patches of one size equal plain loops; patches without a symbol are zeros', async () => {
  const [batch, symbols, patchSize] = [2, 12, 4];
  const layer = new PatchPooling({ name: 'pooling', patchSize, ...options });
  const states = randomValues(batch * symbols * DIMENSION, 'states');
  // A patch of all negative states too: the maximum over real symbols must not see padding's zeros.
  for (let i = 0; i < 4 * DIMENSION; i++) states[i] = -Math.abs(states[i]!);
  // Chunk 0 has 6 symbols: a whole patch, half a patch, none. Chunk 1 has 12.
  const mask = Float32Array.from({ length: batch * symbols }, (_, place) => (place < 6 || place >= symbols ? 1 : 0));
  const inputs = () => [tf.tensor3d(states, [batch, symbols, DIMENSION]), tf.tensor2d(mask, [batch, symbols])];
  await applied(layer, inputs);
  const weights = randomizeWeights(layer, 'pooling');
  const patches = Array.from({ length: (batch * symbols) / patchSize }, (_, patch) =>
    Array.from({ length: patchSize }, (_unused, i) => patch * patchSize + i).filter((place) => mask[place] === 1),
  );
  assertClose(await applied(layer, inputs), plainPooling(states, patches, weights), 1e-4, 'pooling');
  layer.dispose();
});

/** Ids of patches with these lengths in each row, and the mask of `patches` patches; what is left of `symbols` is padding. */
function partition(lengths: readonly (readonly number[])[], symbols: number, patches: number) {
  const ids = new Int32Array(lengths.length * symbols).fill(-1);
  const mask = new Float32Array(lengths.length * patches);
  const members = Array.from({ length: lengths.length * patches }, () => [] as number[]);
  lengths.forEach((row, index) => {
    let place = index * symbols;
    row.forEach((length, patch) => {
      if (length > 0) mask[index * patches + patch] = 1;
      for (let i = 0; i < length; i++, place++) {
        ids[place] = patch;
        members[index * patches + patch]!.push(place);
      }
    });
  });
  return { ids, mask, members };
}

for (const [name, lengths, symbols, longestPatch] of [
  ['mixed lengths, padding, an empty patch inside and behind', [[1, 5, 2, 0, 3], [4, 4], [13], []], 13, undefined],
  ['every symbol its own patch', [[1, 1, 1, 1]], 4, 1],
  ['one symbol', [[1]], 1, undefined],
  [
    'a longest patch that is said, of no power of two',
    [
      [5, 1, 5, 3],
      [2, 2],
    ],
    14,
    5,
  ],
] as const) {
  test(`patches of any lengths equal plain loops: ${name}`, async () => {
    const batch = lengths.length;
    const patches = Math.max(...lengths.map((row) => row.length));
    const layer = new PatchPooling({ name: 'pooling', ...options, ...(longestPatch === undefined ? {} : { longestPatch }) });
    const states = randomValues(batch * symbols * DIMENSION, `states/${name}`);
    // The first patch of all has only negative states, so that a maximum with zeros shows.
    for (let i = 0; i < lengths[0][0] * DIMENSION; i++) states[i] = -Math.abs(states[i]!);
    const { ids, mask, members } = partition(lengths, symbols, patches);
    const inputs = () => [
      tf.tensor3d(states, [batch, symbols, DIMENSION]),
      tf.tensor2d(ids, [batch, symbols], 'int32'),
      tf.tensor2d(mask, [batch, patches]),
    ];
    await applied(layer, inputs);
    const weights = randomizeWeights(layer, 'pooling');
    assertClose(await applied(layer, inputs), plainPooling(states, members, weights), 1e-4, name);
    layer.dispose();
  });
}

test('both ways give the same values and gradients where the patches are of one size', async () => {
  const [batch, symbols, patchSize] = [2, 12, 4];
  const patches = symbols / patchSize;
  const states = randomValues(batch * symbols * DIMENSION, 'both');
  const { ids, mask } = partition(
    [
      [4, 2],
      [4, 4, 4],
    ],
    symbols,
    patches,
  );
  const symbolMask = Float32Array.from(ids, (id) => (id < 0 ? 0 : 1));
  const ways = [
    {
      layer: new PatchPooling({ name: 'pooling', patchSize, ...options }),
      rest: () => [tf.tensor2d(symbolMask, [batch, symbols])],
    },
    {
      layer: new PatchPooling({ name: 'pooling', ...options }),
      rest: () => [tf.tensor2d(ids, [batch, symbols], 'int32'), tf.tensor2d(mask, [batch, patches])],
    },
  ];
  const results: Float32Array[][] = [];
  for (const { layer, rest } of ways) {
    const stateTensor = () => tf.tensor3d(states, [batch, symbols, DIMENSION]);
    await applied(layer, () => [stateTensor(), ...rest()]);
    randomizeWeights(layer, 'pooling');
    const tensors = tf.tidy(() => {
      const input = stateTensor();
      const others = rest();
      const weights = layer.trainableWeights.map((weight) => weight.read());
      const loss = () => {
        const pooled = layer.apply([input, ...others]) as tf.Tensor;
        return tf.sum(tf.mul(pooled, tf.tensor(randomValues(pooled.size, 'targets'), pooled.shape))) as tf.Scalar;
      };
      const { value, grads } = tf.engine().gradients(loss, [input, ...weights]);
      return [value, ...grads];
    });
    results.push((await Promise.all(tensors.map((tensor) => tensor.data()))) as Float32Array[]);
    tf.dispose(tensors);
    layer.dispose();
  }
  for (const [index, values] of results[0]!.entries()) assertClose(results[1]![index]!, values, 2e-4, `array ${index}`);
});

test('memory follows the symbols, not the longest patch', async () => {
  const symbols = 2048;
  const layer = new PatchPooling({ name: 'pooling', ...options });
  const peak = async (lengths: number[]): Promise<number> => {
    const { ids, mask } = partition([lengths], symbols, lengths.length);
    const inputs = () => [
      tf.zeros([1, symbols, DIMENSION]),
      tf.tensor2d(ids, [1, symbols], 'int32'),
      tf.tensor2d(mask, [1, lengths.length]),
    ];
    await applied(layer, inputs);
    const { peakBytes } = await tf.profile(() => tf.tidy(() => layer.apply(inputs()) as tf.Tensor));
    return peakBytes;
  };
  const even = await peak(Array<number>(1024).fill(2));
  const uneven = await peak([1024, ...Array<number>(1024).fill(1)]);
  // 1025 patches, padded to the longest of them, would be 512 times the symbols.
  assert.ok(uneven < 1.1 * even, `${uneven} bytes for ${even}`);
  layer.dispose();
});

test.run();
