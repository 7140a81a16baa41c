import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import { importBert } from '../../../checkpoints/import/index.ts';
import { openPairTokenizer, type PairBatch, pairBatch, pairSequence } from '../../../encoders/index.ts';
import { tf } from '../../../model/backend/index.ts';
import { gelu, layerNormalize } from '../../../model/cross-encoder/bert-operations.ts';
import { CrossEncoderModel, crossEncoderModelConfigSchema } from '../../../model/cross-encoder/index.ts';
import { ScoreHead } from '../../../model/cross-encoder/score-head.ts';
import { namedWeights } from '../../../model/index.ts';
import { testBackend } from '../../backend.ts';

const test = suite('cross-encoder model');
test.before(async () => void (await testBackend()));

const shared = fileURLToPath(new URL('../../../../shared/models/', import.meta.url));
const TINY = { vocabulary: 20, dimension: 8, layers: 2, heads: 2, feedForward: 12, positions: 16 };
const FRAME = { before: [2], between: [3], after: [3], types: [0, 1] } as const;

function batchOf(...pairs: [query: number[], text: number[]][]): PairBatch {
  const sequences = pairs.map(([query, text]) => pairSequence(FRAME, query, text, 13));
  return pairBatch(sequences, { frame: FRAME, padId: 0 });
}

const numbers = (count: number, name: string) => {
  const random = new RandomNumbers(5, name);
  return Float32Array.from({ length: count }, () => random.normal());
};

/** Compares a gradient with differences of the sum of squares of what `forward` gives. */
async function checkGradients(inputs: tf.Tensor[], forward: (...inputs: tf.Tensor[]) => tf.Tensor): Promise<void> {
  const loss = (...given: tf.Tensor[]) => tf.sum(tf.square(forward(...given))) as tf.Scalar;
  const gradients = tf.grads(loss as (...given: tf.Tensor[]) => tf.Scalar)(inputs);
  for (const [place, input] of inputs.entries()) {
    const values = Float32Array.from(await input.data());
    const expected = await gradients[place]!.data();
    for (let number = 0; number < values.length; number += 3) {
      const at = (shift: number) => {
        const moved = values.slice();
        moved[number]! += shift;
        return inputs.map((other, index) => (index === place ? tf.tensor(moved, input.shape) : other));
      };
      const step = 1e-2;
      const difference = (((await loss(...at(step)).data())[0]! - (await loss(...at(-step)).data())[0]!) / (2 * step)) as number;
      assert.ok(
        Math.abs(difference - expected[number]!) < 0.02 * (1 + Math.abs(difference)),
        `${place}/${number}: ${expected[number]}, not ${difference}`,
      );
    }
  }
}

test('normalisation and GELU have the values of plain loops and the gradients of differences', async () => {
  const x = tf.tensor2d(numbers(12, 'x'), [3, 4]);
  const [gain, bias] = [tf.tensor1d(numbers(4, 'gain')), tf.tensor1d(numbers(4, 'bias'))];
  const [values, gains, biases] = [await x.data(), await gain.data(), await bias.data()];
  const normalized = await layerNormalize(x, gain, bias, 1e-3).data();
  for (let row = 0; row < 3; row++) {
    const own = Array.from(values.subarray(4 * row, 4 * row + 4));
    const mean = own.reduce((sum, value) => sum + value, 0) / 4;
    const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4;
    own.forEach((value, column) => {
      const expected = ((value - mean) / Math.sqrt(variance + 1e-3)) * gains[column]! + biases[column]!;
      assert.ok(Math.abs(normalized[4 * row + column]! - expected) < 1e-4);
    });
  }
  // Values of torch.nn.functional.gelu: x Phi(x) at -1, 0, 1, 2.
  const activated = await gelu(tf.tensor1d([-1, 0, 1, 2])).data();
  [-0.15865525, 0, 0.84134475, 1.95449974].forEach((expected, index) => {
    assert.ok(Math.abs(activated[index]! - expected) < 1e-5);
  });
  await checkGradients([x, gain, bias], (input, scale, shift) => layerNormalize(input!, scale!, shift!, 1e-3));
  await checkGradients([x], (input) => gelu(input!));
});

test('a pair has one logit, whatever it is padded to and stands beside; the seed decides', async () => {
  const config = crossEncoderModelConfigSchema.parse(TINY);
  const [model, same, other, mean] = [
    CrossEncoderModel.create(config, 1),
    CrossEncoderModel.create(config, 1),
    CrossEncoderModel.create(config, 2),
    CrossEncoderModel.create({ ...config, pooling: 'mean' }, 1),
  ];
  const before = tf.memory().numTensors;
  for (const current of [model, mean]) {
    const [first, second] = await current.logits(batchOf([[5, 6], [7]], [[5], [8, 9, 10, 11, 12]]));
    const [alone] = await current.logits(batchOf([[5, 6], [7]]));
    assert.ok(Math.abs(first! - alone!) < 1e-5, `${first} ${alone}`);
    assert.ok(Math.abs(first! - second!) > 1e-4);
  }
  assert.equal(await model.logits(batchOf([[5, 6], [7]])), await same.logits(batchOf([[5, 6], [7]])));
  assert.not.equal(await model.logits(batchOf([[5, 6], [7]])), await other.logits(batchOf([[5, 6], [7]])));
  // Query and text are not the same to it.
  assert.not.equal(await model.logits(batchOf([[5], [6]])), await model.logits(batchOf([[6], [5]])));
  assert.is(tf.memory().numTensors, before);
  for (const current of [model, same, other, mean]) current.dispose();
});

for (const changes of [{}, { pooling: 'similarity', separateLayers: 1 }])
  test(`gradients reach every weight that is trained, and are the same when computed again: ${JSON.stringify(changes)}`, async () => {
    const model = CrossEncoderModel.create(crossEncoderModelConfigSchema.parse({ ...TINY, ...changes }), 1);
    const batch = batchOf(
      [
        [5, 6],
        [7, 8],
      ],
      [[5], [9]],
    );
    const gradientsOf = (embeddings: boolean) => {
      const weights = model.trainable(embeddings).map((weight) => weight.read());
      return tf.tidy(() => tf.engine().gradients(() => tf.sum(tf.square(model.apply(batch))) as tf.Scalar, weights).grads);
    };
    const names = model.trainable(true).map(({ originalName }) => originalName);
    const all = gradientsOf(true);
    for (const [index, gradient] of all.entries())
      assert.ok((await gradient.abs().max().data())[0]! > 1e-12 || /biases/.test(names[index]!), names[index]);
    assert.ok(names.some((name) => name.startsWith('embeddings/')));
    assert.not.ok(model.trainable(false).some(({ originalName }) => originalName.startsWith('embeddings/')));
    model.recompute = true;
    const again = gradientsOf(true);
    for (const [index, gradient] of all.entries()) {
      const difference = (await tf.max(tf.abs(tf.sub(gradient, again[index]!))).data())[0]!;
      assert.ok(difference < 1e-5, `${names[index]}: ${difference}`);
    }
    model.dispose();
  });

test('similarity: cosine of the mean states, and the best cosine of each token of the query', async () => {
  const [rows, positions, dimension] = [2, 5, 4];
  const states = numbers(rows * positions * dimension, 'states');
  // The first row has two tokens of the query and two of the text, the second three and two.
  const [mask, types] = [
    [1, 1, 1, 1, 0, 1, 1, 1, 1, 1],
    [0, 0, 1, 1, 0, 0, 0, 0, 1, 1],
  ];
  const head = new ScoreHead({ name: 'head', dimension, pooling: 'similarity' });
  const inputs = [
    tf.tensor3d(states, [rows, positions, dimension]),
    tf.tensor2d(mask, [rows, positions]),
    tf.tensor2d(types, [rows, positions], 'int32'),
  ];
  const logits = await (head.apply(inputs) as tf.Tensor).data();
  const stateOf = (row: number, place: number) =>
    Array.from(states.subarray((row * positions + place) * dimension).subarray(0, dimension));
  const cosine = (a: number[], b: number[]) => {
    const product = (x: number[], y: number[]) => x.reduce((sum, value, index) => sum + value * y[index]!, 0);
    return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
  };
  const mean = (all: number[][]) =>
    all[0]!.map((_, channel) => all.reduce((sum, state) => sum + state[channel]!, 0) / all.length);
  for (const [row, [query, text]] of [
    [
      [0, 1],
      [2, 3],
    ],
    [
      [0, 1, 2],
      [3, 4],
    ],
  ].entries() as Iterable<[number, [number[], number[]]]>) {
    const [first, second] = [query.map((place) => stateOf(row, place)), text.map((place) => stateOf(row, place))];
    const best = first.map((state) => Math.max(...second.map((other) => cosine(state, other))));
    // Both are multiplied by 10 at first.
    const expected = 10 * cosine(mean(first), mean(second)) + (10 * best.reduce((sum, value) => sum + value, 0)) / best.length;
    assert.ok(Math.abs(logits[row]! - expected) < 1e-4, `${row}: ${logits[row]}, not ${expected}`);
  }
});

test('in separate layers a text sees its own tokens alone; without types both texts are read alike', async () => {
  const logitsOf = async (changes: object, ...pairs: [number[], number[]][]) => {
    const model = CrossEncoderModel.create(crossEncoderModelConfigSchema.parse({ ...TINY, ...changes }), 1);
    const logits = await model.logits(batchOf(...pairs));
    model.dispose();
    return [...logits];
  };
  const pairs: [number[], number[]][] = [
    [
      [5, 6],
      [7, 8],
    ],
    [
      [5, 6],
      [9, 10],
    ],
  ];
  // The first token's state is of the query alone when all layers are separate.
  const [one, other] = await logitsOf({ separateLayers: 2 }, ...pairs);
  assert.ok(Math.abs(one! - other!) < 1e-6);
  const [joint, another] = await logitsOf({ separateLayers: 1 }, ...pairs);
  assert.ok(Math.abs(joint! - another!) > 1e-5);
  const [similar, less] = await logitsOf({ separateLayers: 2, pooling: 'similarity' }, ...pairs);
  assert.ok(Math.abs(similar! - less!) > 1e-5);
});

test('cross-encoder-tiny: imported weights give the logits that PyTorch gave', async () => {
  const folder = join(shared, 'cross-encoder-tiny');
  if (!existsSync(folder)) {
    console.log('skipped: ../shared/models/cross-encoder-tiny is not beside the checkout');
    return;
  }
  const config = crossEncoderModelConfigSchema.parse({ dimension: 32, layers: 2, heads: 2, feedForward: 64 });
  const model = CrossEncoderModel.create(config, 1);
  const report = await importBert(model, folder);
  assert.equal(report.notLoaded, []);
  assert.is(report.loaded.length, namedWeights(model.graph).length);
  const tokenizer = await openPairTokenizer(folder);
  const { pairs } = JSON.parse(await readFile(join(folder, 'reference.json'), 'utf8')) as {
    pairs: { query: string; text: string; logit: number }[];
  };
  // Of an empty second text the reference made no pair.
  const wanted = pairs.filter(({ text }) => text !== '');
  const sequences = wanted.map(({ query, text }) =>
    pairSequence(tokenizer.frame, tokenizer.encode(query), tokenizer.encode(text), 512 - 3),
  );
  const logits = await model.logits(pairBatch(sequences, tokenizer));
  wanted.forEach(({ logit, text }, index) => {
    assert.ok(Math.abs(logits[index]! - logit) < 2e-5, `${text.slice(0, 30)}: ${logits[index]}, not ${logit}`);
  });
  model.dispose();
});

test.run();
