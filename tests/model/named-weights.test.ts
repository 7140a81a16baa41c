import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../base/random.ts';
import { tf } from '../../model/backend/index.ts';
import { feedForwardDimension } from '../../model/config.ts';
import { CemModel } from '../../model/embedder.ts';
import { type NamedWeight, namedWeights, toNamedOrder, toVariableOrder } from '../../model/named-weights.ts';
import { testBackend } from '../backend.ts';
import { randomValues, tinyConfig } from './tiny-model.ts';

const test = suite('named weights');
test.before(async () => {
  await testBackend();
});

const DIMENSION = 12;
const { local } = tinyConfig();
const FEED_FORWARD = local.feedForward ?? feedForwardDimension(local.dimension);

/** The names and shapes of a block's weights in files, in their order. */
const BLOCK: readonly (readonly [name: string, shape: readonly number[]])[] = [
  ['attention/norm', [local.dimension]],
  ['attention/query', [local.dimension, local.dimension]],
  ['attention/key', [local.dimension, local.dimension]],
  ['attention/value', [local.dimension, local.dimension]],
  ['attention/output', [local.dimension, local.dimension]],
  ['feed-forward/norm', [local.dimension]],
  ['feed-forward/gate', [local.dimension, FEED_FORWARD]],
  ['feed-forward/up', [local.dimension, FEED_FORWARD]],
  ['feed-forward/down', [FEED_FORWARD, local.dimension]],
];

/** What a weight holds; nothing is left behind. */
function valuesOf(weight: NamedWeight): number[] {
  return tf.tidy(() => {
    const tensor = weight.read();
    assert.equal(tensor.shape, [...weight.shape], weight.name);
    return [...tensor.dataSync()];
  });
}

function write(weight: NamedWeight, values: ArrayLike<number>): void {
  tf.tidy(() => {
    weight.write(tf.tensor(Float32Array.from(values), [...weight.shape]));
  });
}

test('a block has the names, shapes and order that files have', () => {
  const model = CemModel.create(tinyConfig(), DIMENSION, 1);
  const block = namedWeights(model.graph).filter(({ name }) => name.startsWith('local/0/'));
  assert.equal(
    block.map(({ name, shape }) => [name, [...shape]]),
    BLOCK.map(([name, shape]) => [`local/0/${name}`, shape]),
  );
  model.dispose();
});

test('first values are those of the seed and of the name of the part', () => {
  const model = CemModel.create(tinyConfig(), DIMENSION, 5);
  for (const weight of namedWeights(model.graph)) {
    if (weight.shape.length === 1) continue;
    const [inputs, outputs] = weight.shape as [number, number];
    const expected = new Float32Array(inputs * outputs);
    new RandomNumbers(5, weight.name).fillTruncatedNormal(expected, inputs ** -0.5);
    assert.equal(valuesOf(weight), [...expected], weight.name);
  }
  model.dispose();
});

test('every weight holds what was written into it, and changes no other; no tensor is left behind', () => {
  const model = CemModel.create(tinyConfig(), DIMENSION, 1);
  const weights = namedWeights(model.graph);
  const expected = weights.map((weight) => valuesOf(weight));
  const tensors = tf.memory().numTensors;
  // Backwards, so that a part is written both before and behind its neighbours.
  for (const [index, weight] of [...weights.entries()].reverse()) {
    expected[index] = [...randomValues(expected[index]!.length, `written/${weight.name}`)];
    write(weight, expected[index]!);
    weights.forEach((other, place) => {
      assert.equal(valuesOf(other), expected[place], `${other.name} when ${weight.name} is written`);
    });
  }
  assert.is(tf.memory().numTensors, tensors);
  model.dispose();
});

test('parts lie side by side by columns; values of another shape are refused', () => {
  const layer = new Packed();
  layer.build();
  const [gain, first, second, third] = namedWeights(layer);
  assert.equal([gain!.name, first!.name, second!.name, third!.name], ['gain', 'part/a', 'part/b', 'part/c']);
  write(first!, [1, 2, 3, 4]);
  write(second!, [5, 6, 7, 8]);
  write(third!, [9, 10, 11, 12]);
  assert.equal([...layer.weights[1]!.read().dataSync()], [1, 2, 5, 6, 9, 10, 3, 4, 7, 8, 11, 12]);
  assert.throws(() => tf.tidy(() => second!.write(tf.zeros([2, 3]))), /part\/b/);
  for (const variable of layer.weights) variable.dispose();
});

test('what is read stays as it is when the weight is written', () => {
  const layer = new Packed();
  layer.build();
  for (const weight of namedWeights(layer)) {
    const before = weight.read();
    const values = [...before.dataSync()];
    write(weight, randomValues(values.length, weight.name));
    assert.equal([...before.dataSync()], values);
    before.dispose();
  }
  for (const variable of layer.weights) variable.dispose();
});

test('flat numbers: parts one after another and back; a weight by itself as it is', () => {
  const variable = { originalName: 'local/0/part/a.b.c', shape: [2, 6] };
  const values = Float32Array.of(1, 2, 5, 6, 9, 10, 3, 4, 7, 8, 11, 12);
  assert.equal([...toNamedOrder(variable, values)], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  for (const shape of [
    [5, 12],
    [1, 3],
    [7, 3],
  ]) {
    const numbers = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => i);
    const other = { ...variable, shape };
    assert.equal(toVariableOrder(other, toNamedOrder(other, numbers)), numbers);
    assert.equal(toNamedOrder(other, toVariableOrder(other, numbers)), numbers);
  }
  const alone = { originalName: 'version.2/kernel', shape: [3, 4] };
  assert.is(toNamedOrder(alone, values), values);
  assert.is(toVariableOrder(alone, values), values);
});

/** A gain, and three matrices [2, 2] in one variable. */
class Packed extends tf.layers.Layer {
  static readonly className = 'Packed';

  override build(): void {
    this.addWeight('gain', [2], 'float32', tf.initializers.ones());
    this.addWeight('part/a.b.c', [2, 6], 'float32', tf.initializers.zeros());
    this.built = true;
  }
}

test.run();
