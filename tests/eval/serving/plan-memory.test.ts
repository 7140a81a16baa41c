import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError } from '../../../base/index.ts';
import {
  affordableInput,
  compareWithStated,
  parametersOf,
  planMemory,
  queryCost,
  readModelShape,
} from '../../../eval/serving/index.ts';

const test = suite('memory and price of language models');

/** Shapes of published models, from their config.json. */
const QWEN_72B = {
  model_type: 'qwen2',
  hidden_size: 8192,
  intermediate_size: 29568,
  max_position_embeddings: 32768,
  num_attention_heads: 64,
  num_hidden_layers: 80,
  num_key_value_heads: 8,
  sliding_window: 131072,
  use_sliding_window: false,
  tie_word_embeddings: false,
  torch_dtype: 'bfloat16',
  vocab_size: 152064,
};
const LLAMA_8B = {
  model_type: 'llama',
  hidden_size: 4096,
  intermediate_size: 14336,
  num_attention_heads: 32,
  num_hidden_layers: 32,
  num_key_value_heads: 8,
  tie_word_embeddings: false,
  vocab_size: 128256,
};
const SMOLLM2_135M = {
  model_type: 'llama',
  hidden_size: 576,
  intermediate_size: 1536,
  num_attention_heads: 9,
  num_hidden_layers: 30,
  num_key_value_heads: 3,
  tie_word_embeddings: true,
  vocab_size: 49152,
};
const MIXTRAL = {
  model_type: 'mixtral',
  hidden_size: 4096,
  intermediate_size: 14336,
  num_attention_heads: 32,
  num_hidden_layers: 32,
  num_key_value_heads: 8,
  num_local_experts: 8,
  sliding_window: null,
  vocab_size: 32000,
};

const GIB = 2 ** 30;
const whole = (config: object): number => {
  const { layers, others } = parametersOf(readModelShape(config, 'config.json'));
  return layers + others;
};

test('parameters are those that the models are published with', () => {
  // As the model cards and the sums of their safetensors have them.
  assert.is(whole(QWEN_72B), 72_706_203_648);
  assert.is(whole(LLAMA_8B), 8_030_261_248);
  assert.is(whole(SMOLLM2_135M), 134_515_008);
  assert.is(whole(MIXTRAL), 46_702_792_704);
});

test('keys and values of Qwen2.5-72B in 16 bits: 2.5, 5, 10 and 20 GiB', () => {
  const shape = readModelShape(QWEN_72B, 'config.json');
  assert.is(shape.window, null, 'a window that is not used is none');
  // 2 x 80 x 8 x 128 x 2 bytes = 327,680 bytes a token.
  for (const [context, gib] of [
    [8192, 2.5],
    [16384, 5],
    [32768, 10],
    [65536, 20],
  ] as const) {
    const plan = planMemory(shape, { context, batch: 1, weights: 'float16', cache: 'float16', prefill: 2048 });
    assert.is(plan.bytes.cache, gib * GIB);
    assert.is(plan.bytes.cacheOfToken, 327_680);
    assert.is(plan.bytes.weights, 2 * 72_706_203_648);
    assert.is(plan.bytes.total, plan.bytes.weights + plan.bytes.cache + plan.bytes.activations);
  }
  const smaller = planMemory(shape, { context: 8192, batch: 4, weights: 'int4', cache: 'int8', prefill: 2048 });
  assert.is(smaller.bytes.cache, 5 * GIB);
  // Matrices at 4 + 20 / 128 bits, the rest at 16: 41.5 GB, where the published AWQ files have 41.6.
  assert.ok(Math.abs(smaller.bytes.weights / 1e9 - 41.5) < 0.1, String(smaller.bytes.weights));
});

test('activations: the widest moment of a layer, and the logits', () => {
  const shape = readModelShape(SMOLLM2_135M, 'config.json');
  const { bytes } = planMemory(shape, { context: 100, batch: 2, weights: 'float16', cache: 'float16', prefill: 2048 });
  // 200 tokens, no more than there are; stream and norm of 576 each, gate, input and product of 1536 each, 2 bytes; 49,152 logits of 4 bytes, twice.
  assert.is(bytes.activations, 200 * (2 * 576 + 3 * 1536) * 2 + 2 * 49152 * 4);
});

test('a window bounds what layers keep', () => {
  const mistral = { ...LLAMA_8B, model_type: 'mistral', sliding_window: 4096 };
  const plan = (config: object, context: number): number =>
    planMemory(readModelShape(config, 'c'), { context, batch: 1, weights: 'float16', cache: 'float16', prefill: 1 }).bytes.cache;
  assert.is(plan(mistral, 32768), plan(LLAMA_8B, 4096));
  // Every second layer has one: half of the layers keep 4096, the others all.
  const layer_types = Array.from({ length: 32 }, (_, layer) => (layer % 2 ? 'full_attention' : 'sliding_attention'));
  const gemma = { ...LLAMA_8B, model_type: 'gemma3_text', sliding_window: 4096, layer_types };
  assert.is(plan(gemma, 32768), (plan(LLAMA_8B, 4096) + plan(LLAMA_8B, 32768)) / 2);
});

test("the guide's table stands beside ours for its model alone, with its errors", () => {
  const stated = compareWithStated(readModelShape(QWEN_72B, 'c'))!;
  assert.equal(
    stated.rows.map(({ stated: { cache }, computed }) => [cache, computed.cache]),
    [
      [4, 2.5],
      [8, 5],
      [16, 10],
      [32, 20],
    ],
  );
  assert.match(stated.errors[0]!, /1\.6 times too much/);
  assert.match(stated.errors[1]!, /53 GB are more than the 48 GB/);
  assert.is(compareWithStated(readModelShape(LLAMA_8B, 'c')), undefined);
});

test('a config that says too little, or is of another kind, is refused by name', () => {
  const refused = (config: unknown, said: RegExp): void =>
    assert.throws(
      () => readModelShape(config, 'config.json'),
      (error: unknown) => isCemError(error) && error.code === 'PLAN_LLM_CONFIG' && said.test(error.message),
    );
  refused({ model_type: 'bert' }, /num_hidden_layers is missing/);
  refused('text', /config\.json is no config/);
  refused({ ...QWEN_72B, num_hidden_layers: -1 }, /num_hidden_layers/);
  refused({ ...QWEN_72B, kv_lora_rank: 512 }, /kv_lora_rank/);
  assert.is(readModelShape({ model_type: 'gemma3', text_config: LLAMA_8B }, 'c').layers, 32);
});

test('price of a query', () => {
  const prices = { input: 2.5, output: 10 };
  // 30,000 x 2.5 + 400 x 10 = 79,000 millionths.
  assert.ok(Math.abs(queryCost({ input: 30_000, output: 400 }, prices).total - 0.079) < 1e-12);
  const cached = queryCost({ input: 30_000, output: 400, cached: 20_000 }, { ...prices, cachedInput: 1.25 });
  assert.ok(Math.abs(cached.total - (0.025 + 0.025 + 0.004)) < 1e-12);
  // $0.003 pays for 1,200 tokens of input alone, and for none beside 400 written ones, which cost more.
  assert.is(affordableInput(0.003, 0, prices), 1200);
  assert.is(affordableInput(0.003, 400, prices), 0);
});

test.run();
