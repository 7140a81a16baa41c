import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { readSafetensors } from '../../../checkpoints/index.ts';
import { tf } from '../../../model/backend/index.ts';
import { entropyModelConfigSchema } from '../../../model/entropy/config.ts';
import { EntropyModel } from '../../../model/entropy/entropy-model.ts';
import { nextByteLoss } from '../../../model/entropy/next-byte-loss.ts';
import { namedWeights } from '../../../model/named-weights.ts';
import { testBackend } from '../../backend.ts';
import { randomValues } from '../tiny-model.ts';

const test = suite('entropy model');
test.before(async () => {
  await testBackend();
});

const GOLDEN = new URL('../../golden/patching/', import.meta.url);
const tiny = entropyModelConfigSchema.parse({ dimension: 16, layers: 2, heads: 2, feedForward: 24, window: 8, context: 32 });
const random = new RandomNumbers(1, 'bytes');
const randomBytes = (length: number) => Uint8Array.from({ length }, () => random.integer(256));

function assertClose(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, name: string): void {
  assert.is(got.length, expected.length, name);
  for (let i = 0; i < got.length; i++) {
    if (!(Math.abs(got[i]! - expected[i]!) <= tolerance)) assert.unreachable(`${name} [${i}]: ${got[i]} for ${expected[i]}`);
  }
}

/** Our names of a weight in a file of transformers, whose matrices lie transposed except for the embedding. */
function referenceName(name: string): string {
  const block = /^blocks\/(\d+)\/(.*)$/.exec(name);
  if (!block)
    return { 'embedding/table': 'embed_tokens.weight', 'norm/gain': 'norm.weight', 'logits/kernel': 'lm_head.weight' }[name]!;
  const parts: Record<string, string> = {
    'attention/norm': 'input_layernorm',
    'attention/query': 'self_attn.q_proj',
    'attention/key': 'self_attn.k_proj',
    'attention/value': 'self_attn.v_proj',
    'attention/output': 'self_attn.o_proj',
    'feed-forward/norm': 'post_attention_layernorm',
    'feed-forward/gate': 'mlp.gate_proj',
    'feed-forward/up': 'mlp.up_proj',
    'feed-forward/down': 'mlp.down_proj',
  };
  return `layers.${block[1]}.${parts[block[2]!]}.weight`;
}

test('the layers are those of transformers: equal entropies from its weights', async () => {
  const golden = JSON.parse(readFileSync(new URL('entropy-model.json', GOLDEN), 'utf8')) as {
    shape: Record<string, number>;
    texts: { bytes: number[]; entropies: number[] }[];
  };
  const weights = await readSafetensors(fileURLToPath(new URL('entropy-model.safetensors', GOLDEN)));
  const model = EntropyModel.create(entropyModelConfigSchema.parse({ ...golden.shape, context: 64 }), 1);
  for (const weight of namedWeights(model.graph)) {
    const { shape, data } = weights.get(referenceName(weight.name))!;
    const values = tf.tidy(() => {
      const tensor = tf.tensor(data, [...shape]);
      return weight.name === 'embedding/table' || shape.length === 1 ? tensor.clone() : tf.transpose(tensor);
    });
    weight.write(values);
    values.dispose();
  }
  const entropies = await model.entropies(golden.texts.map(({ bytes }) => Uint8Array.from(bytes)));
  assert.equal(
    golden.texts.map(({ bytes }) => bytes.length),
    [1, 11, 16, 40, 61],
  );
  golden.texts.forEach((text, i) => {
    assertClose(entropies[i]!, text.entropies, 1e-4, `text of ${text.bytes.length} bytes`);
  });
  model.dispose();
});

test('an untrained, flat model has the entropy of 260 ids, and its surprisals are its entropies', async () => {
  const model = EntropyModel.create(tiny, 1);
  const logits = model.graph.weights.find((weight) => weight.originalName === 'logits/kernel')!;
  tf.tidy(() => {
    logits.write(tf.zeros([16, 260]));
  });
  const text = randomBytes(20);
  const [entropies] = await model.entropies([text]);
  const [surprisals] = await model.surprisals([text]);
  assertClose(entropies!, new Array(20).fill(Math.log(260)), 1e-5, 'entropies');
  assertClose(surprisals!, new Array(20).fill(Math.log(260)), 1e-5, 'surprisals');
  model.dispose();
});

test('a batch of mixed lengths equals one text at a time; a beginning of a text has the beginning of its entropies', async () => {
  const model = EntropyModel.create(tiny, 2);
  const long = randomBytes(200);
  const texts = [
    long,
    randomBytes(1),
    long.subarray(0, 7),
    new Uint8Array(0),
    long.subarray(0, 33),
    randomBytes(16),
    long.subarray(0, 100),
  ];
  const together = await model.entropies(texts);
  for (const [i, text] of texts.entries()) {
    const [alone] = await model.entropies([text]);
    assertClose(together[i]!, alone!, 1e-5, `text ${i}`);
  }
  for (const i of [2, 4, 6]) assertClose(together[i]!, together[0]!.subarray(0, texts[i]!.length), 1e-5, `beginning ${i}`);
  assert.ok(together[0]!.every((value) => value > 0 && value < Math.log(260)));
  model.dispose();
});

test('a byte is predicted from the bytes before it alone, each of which counts', async () => {
  // One layer, window 8: byte i is predicted at position i (that of byte i - 1), which sees positions i - 7 to i, hence bytes i - 8 to i - 1.
  const model = EntropyModel.create({ ...tiny, layers: 1 }, 3);
  const text = randomBytes(30);
  const [before] = await model.entropies([text]);
  const changed = Uint8Array.from(text);
  changed[12] = (changed[12]! + 1) % 256;
  const [after] = await model.entropies([changed]);
  const moved = Array.from(before!, (value, i) => Math.abs(value - after![i]!) > 1e-6);
  assert.equal(
    moved.flatMap((yes, i) => (yes ? [i] : [])),
    [13, 14, 15, 16, 17, 18, 19, 20],
  );
  model.dispose();
});

test('pieces of a long text overlap: with one layer they are as good as reading it at once', async () => {
  const atOnce = EntropyModel.create({ ...tiny, layers: 1, context: 512 }, 4);
  const inPieces = EntropyModel.create({ ...tiny, layers: 1, context: 24 }, 4);
  // Lengths around the pieces' borders: a piece is 24 bytes, of which the first 8 are only looked at.
  for (const length of [23, 24, 25, 39, 40, 41, 150]) {
    const text = randomBytes(length);
    const [expected, got] = [await atOnce.entropies([text]), await inPieces.entropies([text])];
    assertClose(got[0]!, expected[0]!, 1e-5, `${length} bytes`);
  }
  atOnce.dispose();
  inPieces.dispose();
});

test('the loss is the mean surprisal of the ids, and its gradient is that of differences', async () => {
  const logits = randomValues(3 * 260, 'logits');
  const targets = Int32Array.of(0, 97, 259);
  const slow = (values: Float32Array): number => {
    let sum = 0;
    targets.forEach((target, row) => {
      const of = Array.from(values.subarray(row * 260, (row + 1) * 260), Number);
      sum += Math.log(of.reduce((total, value) => total + Math.exp(value), 0)) - of[target]!;
    });
    return sum / 3;
  };
  const ids = tf.tensor1d(targets, 'int32');
  const { value, grads } = tf.tidy(() => {
    const result = tf.valueAndGrads((x: tf.Tensor) => nextByteLoss(x, ids))([tf.tensor2d(logits, [3, 260])]);
    return { value: result.value, grads: result.grads[0]! };
  });
  const [loss, gradient] = [(await value.data())[0]!, (await grads.data()) as Float32Array];
  tf.dispose([ids, value, grads]);
  assertClose([loss], [slow(logits)], 1e-5, 'loss');
  for (const place of [0, 5, 260 + 97, 260 + 98, 520 + 259]) {
    const step = 1e-2;
    const [up, down] = [1, -1].map((sign) => {
      const moved = Float32Array.from(logits);
      moved[place]! += sign * step;
      return slow(moved);
    });
    assertClose([gradient[place]!], [(up! - down!) / (2 * step)], 1e-4, `gradient ${place}`);
  }
});

test('nothing is left behind', async () => {
  const before = tf.memory().numTensors;
  const model = EntropyModel.create(tiny, 5);
  const made = tf.memory().numTensors;
  for (let round = 0; round < 5; round++) {
    await model.entropies([randomBytes(50), randomBytes(3)]);
    await model.surprisals([randomBytes(20)]);
    assert.is(tf.memory().numTensors, made);
  }
  model.dispose();
  assert.is(tf.memory().numTensors, before);
});

test('a configuration that cannot be built is refused, with its key', () => {
  const issues = (values: Record<string, unknown>) =>
    entropyModelConfigSchema.safeParse(values).error?.issues.map((issue) => issue.path.join('.')) ?? [];
  assert.equal(issues({}), []);
  assert.equal(issues({ dimension: 30, heads: 4 }), ['heads']);
  assert.equal(issues({ window: 100, context: 250 }), ['context']);
  assert.equal(issues({ window: 512, context: 512 }), ['context']);
  assert.equal(issues({ windows: 3 }), ['']);
});

test.run();
