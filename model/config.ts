import { z } from 'zod';

/** What the encoder reads. `symbols`: literals and copies of the LZ77 stream inside a frame; `bytes`: the frame's own bytes. */
const modelInputs = ['symbols', 'bytes'] as const;

const positive = z.number().int().positive();

const tablesConfigSchema = z.strictObject({
  /** n-gram sizes in bytes, ascending; BLT uses 3 to 8. */
  sizes: z.array(z.number().int().min(2).max(16)).min(1).default([3, 4, 5, 6, 7, 8]),
  /** Rows of each n-gram table; BLT uses 500002. */
  rows: positive.max(2 ** 26).default(50_000),
  /** Which of BLT's hash functions (primes) hashes the n-grams. */
  hashFunction: z.number().int().min(0).max(10).default(0),
});

const transformerConfigSchema = z.strictObject({
  dimension: positive,
  layers: z.number().int().nonnegative(),
  heads: positive,
  /** Width of the feed-forward part; by default BLT's rule, `256 * ceil(floor(8 * dimension / 3) / 256)`. */
  feedForward: positive.optional(),
  ropeTheta: z.number().positive().default(500_000),
});

export const modelConfigSchema = z
  .strictObject({
    input: z.enum(modelInputs).default('symbols'),
    /** Longer chunks are cut to this many symbols. */
    maximumSymbols: positive.default(4096),
    /** Symbols a patch (static patching). */
    patchSize: positive.default(4),
    tables: tablesConfigSchema.prefault({}),
    /** The local encoder; its dimension is that of the tables. */
    local: transformerConfigSchema
      .extend({
        /** A symbol attends to symbols nearer than this, on both sides. */
        window: positive.default(32),
        /** Heads of the cross attention that pools symbols into patches. */
        crossAttentionHeads: positive.default(4),
      })
      .prefault({ dimension: 64, layers: 1, heads: 4 }),
    global: transformerConfigSchema.prefault({ dimension: 128, layers: 3, heads: 4 }),
    /** Bag of symbol embeddings that goes round the transformer to the output. */
    skipPath: z.boolean().default(true),
  })
  .superRefine((model, context) => {
    for (const part of ['local', 'global'] as const) {
      const { dimension, heads } = model[part];
      if (dimension % heads !== 0 || (dimension / heads) % 2 !== 0) {
        context.addIssue({
          code: 'custom',
          path: [part, 'heads'],
          message: `dimension ${dimension} must be an even multiple of heads ${heads} (rotary positions turn pairs)`,
        });
      }
    }
    if (model.local.dimension % model.local.crossAttentionHeads !== 0) {
      context.addIssue({
        code: 'custom',
        path: ['local', 'crossAttentionHeads'],
        message: `must divide the local dimension ${model.local.dimension}`,
      });
    }
  });

/** Shape of an encoder; together with the output dimension (the teacher's) it decides every weight's shape. */
export type ModelConfig = z.infer<typeof modelConfigSchema>;

/** BLT's width of the feed-forward part: `256 * ceil(floor(8d/3) / 256)` (facebookresearch/blt, multiplier 1). */
export function feedForwardDimension(dimension: number): number {
  return 256 * Math.ceil(Math.floor((8 * dimension) / 3) / 256);
}

/** Queries a patch in cross attention: as many local widths as make the global one, at least one. */
export function queriesPerPatch(model: ModelConfig): number {
  return Math.max(1, Math.round(model.global.dimension / model.local.dimension));
}
