import { z } from 'zod';
import { CemError } from '../../base/index.ts';

/** What of a language model decides how much memory it takes. */
export interface ModelShape {
  /** `model_type` of its config.json. */
  readonly type: string;
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  /** Heads of keys and values; fewer than `heads` where groups of heads share them. */
  readonly kvHeads: number;
  readonly headDimension: number;
  /** Width inside the feed-forward part; of one expert where there are several. */
  readonly intermediate: number;
  /** Matrices of a feed-forward part: 3 where one is a gate. */
  readonly feedForwardMatrices: 2 | 3;
  /** Experts of a layer; 1 where there are none. */
  readonly experts: number;
  readonly vocabulary: number;
  /** Whether the output uses the input's embeddings. */
  readonly tied: boolean;
  /** Whether queries, keys and values have biases. */
  readonly attentionBias: boolean;
  /** Tokens that a layer with a window looks back at, and how many layers have one; null: every layer looks at all. */
  readonly window: { readonly tokens: number; readonly layers: number } | null;
  /** Tokens that its positions were made for; null where the config does not say. */
  readonly maximumContext: number | null;
  /** As its weights are published: `bfloat16`. */
  readonly dtype: string;
}

const count = z.number().int().positive();
const configSchema = z.object({
  model_type: z.string().default('unknown'),
  num_hidden_layers: count.optional(),
  n_layer: count.optional(),
  hidden_size: count.optional(),
  n_embd: count.optional(),
  num_attention_heads: count.optional(),
  n_head: count.optional(),
  num_key_value_heads: count.nullish(),
  head_dim: count.nullish(),
  intermediate_size: count.optional(),
  n_inner: count.nullish(),
  moe_intermediate_size: count.nullish(),
  num_local_experts: count.nullish(),
  num_experts: count.nullish(),
  vocab_size: count.optional(),
  tie_word_embeddings: z.boolean().nullish(),
  attention_bias: z.boolean().nullish(),
  sliding_window: count.nullish(),
  use_sliding_window: z.boolean().nullish(),
  layer_types: z.array(z.string()).nullish(),
  max_position_embeddings: count.nullish(),
  n_positions: count.nullish(),
  torch_dtype: z.string().nullish(),
  dtype: z.string().nullish(),
  kv_lora_rank: count.nullish(),
});

/** Models whose feed-forward part has two matrices, and whose output is tied unless they say otherwise. */
const PLAIN = new Set(['gpt2', 'opt', 'phi', 'gpt_neox', 'gptj', 'falcon', 'starcoder2']);
/** Models that have biases of queries, keys and values without saying so. */
const BIASED = new Set(['qwen2', 'qwen2_moe', 'gpt2', 'opt', 'phi', 'gpt_neox']);
/** Models that tie output and input unless they say otherwise, as their classes of transformers do. */
const TIED = new Set(['gpt2', 'gemma', 'gemma2', 'gemma3_text', 'opt']);
/** Models of which every layer has the window that their config names. */
const WINDOWED = new Set(['mistral', 'mixtral', 'phi3', 'starcoder2']);

/**
 * Reads a config.json of transformers. Of a model of several parts, its `text_config` counts.
 *
 * @param path for errors
 * @throws CemError `PLAN_LLM_CONFIG` naming what is missing, or what cannot be counted from it
 */
export function readModelShape(config: unknown, path: string): ModelShape {
  const inner = typeof config === 'object' && config !== null && 'text_config' in config ? config.text_config : config;
  const read = configSchema.safeParse(inner);
  if (!read.success) {
    const issue = read.error.issues[0]!;
    throw unreadable(path, `${issue.path.map(String).join('.') || 'it'}: ${issue.message}`);
  }
  const values = read.data;
  const need = (...names: (keyof typeof values)[]): number => {
    const found = names.map((name) => values[name]).find((value) => typeof value === 'number');
    if (found === undefined) throw unreadable(path, `${names[0]} is missing`);
    return found;
  };
  const type = values.model_type;
  if (values.kv_lora_rank != null) {
    throw unreadable(path, 'it keeps keys and values compressed (kv_lora_rank), which is not counted here');
  }
  const layers = need('num_hidden_layers', 'n_layer');
  const hidden = need('hidden_size', 'n_embd');
  const heads = need('num_attention_heads', 'n_head');
  const experts = values.num_local_experts ?? values.num_experts ?? 1;
  const intermediate =
    (experts > 1 ? values.moe_intermediate_size : undefined) ?? values.intermediate_size ?? values.n_inner ?? 4 * hidden;
  return {
    type,
    layers,
    hidden,
    heads,
    kvHeads: values.num_key_value_heads ?? heads,
    headDimension: values.head_dim ?? Math.floor(hidden / heads),
    intermediate,
    feedForwardMatrices: PLAIN.has(type) ? 2 : 3,
    experts,
    vocabulary: need('vocab_size'),
    tied: values.tie_word_embeddings ?? TIED.has(type),
    attentionBias: values.attention_bias ?? BIASED.has(type),
    window: windowOf(values, layers),
    maximumContext: values.max_position_embeddings ?? values.n_positions ?? null,
    dtype: values.torch_dtype ?? values.dtype ?? 'float32',
  };
}

function windowOf(values: z.output<typeof configSchema>, layers: number): ModelShape['window'] {
  const { sliding_window: tokens, use_sliding_window: isUsed, layer_types: types, model_type: type } = values;
  if (tokens == null || isUsed === false) return null;
  const windowed = types?.filter((name) => name === 'sliding_attention').length ?? (WINDOWED.has(type) || isUsed ? layers : 0);
  return windowed === 0 ? null : { tokens, layers: windowed };
}

function unreadable(path: string, what: string): CemError {
  return new CemError('PLAN_LLM_CONFIG', `${path} is no config.json of a language model that can be planned with: ${what}`, {
    details: { path },
  });
}

/** Weights of a model: how many there are. */
export interface ParameterCount {
  /** Of the layers' matrices, which quantisation makes small. */
  readonly layers: number;
  /** Embeddings, the output and norms, which stay as they are published. */
  readonly others: number;
}

/** Weights by shape: of attention, feed-forward part with all experts, norms, embeddings and output. Biases of the feed-forward part and norms of heads are left out: below a thousandth. */
export function parametersOf(shape: ModelShape): ParameterCount {
  const { layers, hidden, heads, kvHeads, headDimension, intermediate, feedForwardMatrices, experts, vocabulary, tied } = shape;
  const queries = heads * headDimension;
  const keys = kvHeads * headDimension;
  const attention = 2 * hidden * queries + 2 * hidden * keys;
  const biases = shape.attentionBias ? queries + 2 * keys : 0;
  const feedForward = experts * feedForwardMatrices * hidden * intermediate;
  const router = experts > 1 ? experts * hidden : 0;
  return {
    layers: layers * (attention + feedForward),
    others: layers * (biases + router + 2 * hidden) + hidden + (tied ? 1 : 2) * vocabulary * hidden,
  };
}
