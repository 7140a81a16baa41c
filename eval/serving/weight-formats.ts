/** How weights are kept. */
export const WEIGHT_FORMATS = ['float32', 'float16', 'float8', 'int8', 'int4', 'q8_0', 'q6_k', 'q4_k', 'q4_0'] as const;
export type WeightFormat = (typeof WEIGHT_FORMATS)[number];

/**
 * Bits of a weight of the layers' matrices, scales included:
 * `int8` and `int4` in groups of 128 with a scale of 16 bits (AWQ and GPTQ), `int4` with a zero point of 4 bits as well; the others in the blocks of GGUF: `q8_0` 34 bytes for 32 weights, `q6_k` 210 for 256, `q4_k` 144 for 256, `q4_0` 18 for 32.
 */
export const BITS_OF_WEIGHT: Readonly<Record<WeightFormat, number>> = {
  float32: 32,
  float16: 16,
  float8: 8,
  int8: 8 + 16 / 128,
  int4: 4 + (16 + 4) / 128,
  q8_0: (34 * 8) / 32,
  q6_k: (210 * 8) / 256,
  q4_k: (144 * 8) / 256,
  q4_0: (18 * 8) / 32,
};

/** How embeddings, the output and norms are kept beside layers of that format: GGUF quantises them too, AWQ and GPTQ do not. */
export function bitsOfOthers(format: WeightFormat): number {
  return format.startsWith('q') || format === 'float32' ? BITS_OF_WEIGHT[format] : 16;
}

/** How keys and values are kept. */
export const CACHE_FORMATS = ['float32', 'float16', 'float8', 'int8', 'q8_0', 'q4_0'] as const;
export type CacheFormat = (typeof CACHE_FORMATS)[number];

/** Bits of a key's or a value's number. `int8` and `float8` have a scale a tensor, which weighs nothing. */
export const BITS_OF_CACHE: Readonly<Record<CacheFormat, number>> = {
  float32: 32,
  float16: 16,
  float8: 8,
  int8: 8,
  q8_0: BITS_OF_WEIGHT.q8_0,
  q4_0: BITS_OF_WEIGHT.q4_0,
};
