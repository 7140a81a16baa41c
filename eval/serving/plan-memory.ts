import { type ModelShape, type ParameterCount, parametersOf } from './model-shape.ts';
import { BITS_OF_CACHE, BITS_OF_WEIGHT, bitsOfOthers, type CacheFormat, type WeightFormat } from './weight-formats.ts';

export interface MemoryOptions {
  /** Tokens of each sequence: prompt and answer. */
  readonly context: number;
  /** Sequences that are served at once. */
  readonly batch: number;
  readonly weights: WeightFormat;
  readonly cache: CacheFormat;
  /** Tokens of prompts that are computed in one step. */
  readonly prefill: number;
}

/** Bytes that serving a model takes. What programs, kernels and the allocator take beside it is not in it: about 1 GB a device, and a share of memory that fragments. */
export interface MemoryPlan extends MemoryOptions {
  readonly parameters: number;
  readonly bytes: {
    readonly weights: number;
    /** Keys and values of all sequences at full length. */
    readonly cache: number;
    /** Of one token. */
    readonly cacheOfToken: number;
    readonly activations: number;
    readonly total: number;
  };
}

/** Activations are 16-bit numbers, logits 32-bit. */
const BYTES_OF_ACTIVATION = 2;
const BYTES_OF_LOGIT = 4;

/**
 * - Weights: parameters times bits of their format.
 * - Keys and values: 2 x layers x heads of keys and values x dimension of a head x tokens x sequences, of a layer with a window no more tokens than that.
 * - Activations, an estimate: the widest moment of a layer while prompts are read (the residual stream, its norm, and either queries, keys, values and what attention gives, or the feed-forward part's gate, input and
 *   product), for `prefill` tokens, with attention that never holds its scores (FlashAttention), and the logits of each sequence's last token.
 */
export function planMemory(shape: ModelShape, options: MemoryOptions): MemoryPlan {
  const parameters = parametersOf(shape);
  const weights = weightBytes(parameters, options.weights);
  const cacheOfToken = cacheBytes(shape, 1, options.cache);
  const cache = options.batch * cacheBytes(shape, options.context, options.cache);
  const activations = activationBytes(shape, options);
  return {
    ...options,
    parameters: parameters.layers + parameters.others,
    bytes: { weights, cache, cacheOfToken, activations, total: weights + cache + activations },
  };
}

function weightBytes({ layers, others }: ParameterCount, format: WeightFormat): number {
  return Math.ceil((layers * BITS_OF_WEIGHT[format] + others * bitsOfOthers(format)) / 8);
}

function cacheBytes({ layers, kvHeads, headDimension, window }: ModelShape, tokens: number, format: CacheFormat): number {
  const windowed = window?.layers ?? 0;
  const places = (layers - windowed) * tokens + windowed * Math.min(tokens, window?.tokens ?? tokens);
  return Math.ceil((2 * places * kvHeads * headDimension * BITS_OF_CACHE[format]) / 8);
}

function activationBytes(shape: ModelShape, { prefill, context, batch }: MemoryOptions): number {
  const { hidden, heads, kvHeads, headDimension, intermediate, feedForwardMatrices, vocabulary } = shape;
  const attention = 2 * (heads + kvHeads) * headDimension;
  const widest = Math.max(attention, feedForwardMatrices * intermediate);
  const tokens = Math.min(prefill, batch * context);
  return tokens * (2 * hidden + widest) * BYTES_OF_ACTIVATION + batch * vocabulary * BYTES_OF_LOGIT;
}
