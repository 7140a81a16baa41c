import { z } from 'zod';
import { HASH_PRIMES } from './hash-primes.ts';

/**
 * What the encoder reads. `symbols`: literals and copies of the LZ77 stream inside a frame; `bytes`: the frame's own bytes; `text`: the text itself, for experiments that
 * ask what compression costs. A model with `text` input reads no container.
 */
const modelInputs = ['symbols', 'bytes', 'text'] as const;

/** How patches become one vector: the mean of all, a learned attention over them, or the last of them. */
export const poolings = ['mean', 'attention', 'last'] as const;

const positive = z.number().int().positive();

/** BLT's threshold of the next byte's entropy, in nats (facebookresearch/blt, `patching_threshold`). */
const BLT_ENTROPY_THRESHOLD = 1.335442066192627;

const longestPatch = {
  maximumLength: positive.optional().describe('Longer patches are cut greedily.'),
};

/** Where patches begin. Absent, as in configurations from before there was a choice: `static`. */
const patchingConfigSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('static') }).describe('Every `patchSize` symbols.'),
  z.strictObject({ kind: z.literal('space'), ...longestPatch }).describe('Behind words; reads the text.'),
  z
    .strictObject({ kind: z.literal('frame'), maximumLength: positive.default(8).describe('Symbols of the longest patch.') })
    .describe(
      'At the blocks of the zstd frame (with the input `bytes` at its sections, too), and every `maximumLength` symbols inside them.',
    ),
  z
    .strictObject({
      kind: z.literal('entropy'),
      model: z.string().min(1).describe('Folder of the entropy model.'),
      threshold: z
        .number()
        .positive()
        .default(BLT_ENTROPY_THRESHOLD)
        .describe('Nats; a patch begins behind a byte whose next byte is less certain than this.'),
      monotonic: z.boolean().default(false).describe('Compare the growth of the entropy with the threshold, not the entropy.'),
      ...longestPatch,
    })
    .describe('Where a byte language model is surprised; reads the text.'),
]);

const tablesConfigSchema = z.strictObject({
  sizes: z
    .array(z.number().int().min(2).max(16))
    .min(1)
    .default([3, 4, 5, 6, 7, 8])
    .describe('n-gram sizes in bytes, ascending; BLT uses 3 to 8.'),
  rows: positive
    .max(2 ** 26)
    .default(50_000)
    .describe('Rows of each n-gram table; BLT uses 500002.'),
  hashFunction: z.number().int().min(0).max(10).default(0).describe("Which of BLT's hash functions (primes) hashes the n-grams."),
  hashFunctions: positive
    .max(11)
    .optional()
    .describe('How many hash functions there are, from `hashFunction` on, each with a table for every size; by default one.'),
});

const transformerConfigSchema = z.strictObject({
  dimension: positive.describe('Width of the states; an even multiple of `heads`.'),
  layers: z.number().int().nonnegative().describe('Transformer blocks.'),
  heads: positive.describe('Heads of the attention.'),
  feedForward: positive
    .optional()
    .describe("Width of the feed-forward part; by default BLT's rule, `256 * ceil(floor(8 * dimension / 3) / 256)`."),
  ropeTheta: z.number().positive().default(500_000).describe('Base of the rotary positions.'),
});

/** Where patches begin. */
export type PatchingConfig = z.infer<typeof patchingConfigSchema>;

/** What a patching looks at, the input must have. */
const INPUTS_OF_PATCHINGS: Record<PatchingConfig['kind'], readonly (typeof modelInputs)[number][]> = {
  static: modelInputs,
  frame: ['symbols', 'bytes'],
  space: ['text'],
  entropy: ['text'],
};

export const modelConfigSchema = z
  .strictObject({
    input: z
      .enum(modelInputs)
      .default('symbols')
      .describe(
        "What is read: literals and copies of the frame, the frame's own bytes, or the text itself (for experiments; no container is read then).",
      ),
    maximumSymbols: positive.default(4096).describe('Longer passages, or chunks that have none, are cut to this many symbols.'),
    patchSize: positive.default(4).describe('Symbols a patch (static patching).'),
    patching: patchingConfigSchema.optional().describe('Where patches begin; absent: `static`.'),
    tables: tablesConfigSchema.prefault({}),
    local: transformerConfigSchema
      .extend({
        window: positive.default(32).describe('A symbol attends to symbols nearer than this, on both sides.'),
        crossAttentionHeads: positive.default(4).describe('Heads of the cross attention that pools symbols into patches.'),
        queries: positive
          .optional()
          .describe("Queries a patch in cross attention (BLT's k); by default as many local widths as make the global one."),
      })
      .prefault({ dimension: 64, layers: 1, heads: 4 })
      .describe('The local encoder; its dimension is that of the tables.'),
    global: transformerConfigSchema.prefault({ dimension: 128, layers: 3, heads: 4 }),
    skipPath: z.boolean().default(true).describe('Bag of symbol embeddings that goes round the transformer to the output.'),
    pooling: z.enum(poolings).optional().describe('By default the mean.'),
    causal: z.boolean().optional().describe('No position sees a later one, as in BLT; by default all see both sides.'),
    matryoshka: z
      .array(positive)
      .min(1)
      .optional()
      .describe('Shorter dimensions that vectors may be cut to, ascending; the loss trains them.'),
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
    const { kind } = patchingOf(model);
    if (!INPUTS_OF_PATCHINGS[kind].includes(model.input)) {
      context.addIssue({
        code: 'custom',
        path: ['patching', 'kind'],
        message: `${kind} patching goes with the input ${INPUTS_OF_PATCHINGS[kind].join(' or ')}, got ${model.input}`,
      });
    }
    const { hashFunction, hashFunctions = 1 } = model.tables;
    if (hashFunction + hashFunctions > HASH_PRIMES.length) {
      context.addIssue({
        code: 'custom',
        path: ['tables', 'hashFunctions'],
        message: `there are ${HASH_PRIMES.length} hash functions, asked for are ${hashFunctions} from number ${hashFunction} on`,
      });
    }
    if (model.matryoshka?.some((dimension, index, all) => dimension <= (all[index - 1] ?? 0))) {
      context.addIssue({ code: 'custom', path: ['matryoshka'], message: 'dimensions must ascend' });
    }
  });

/** Shape of an encoder; together with the output dimension (the teacher's) it decides every weight's shape. */
export type ModelConfig = z.infer<typeof modelConfigSchema>;

/**
 * Shape of a query student: that of a model over the text itself, whose queries are never compressed. Entropy patching is left to experiments: whoever
 * serves queries would have to carry a language model with the student.
 */
export const queryModelConfigSchema = modelConfigSchema
  .safeExtend({ input: z.literal('text').default('text') })
  .refine((model) => patchingOf(model).kind !== 'entropy', {
    path: ['patching', 'kind'],
    message: 'of a query student must be static or space',
  });

/** BLT's width of the feed-forward part: `256 * ceil(floor(8d/3) / 256)` (facebookresearch/blt, multiplier 1). */
export function feedForwardDimension(dimension: number): number {
  return 256 * Math.ceil(Math.floor((8 * dimension) / 3) / 256);
}

/** Queries a patch in cross attention: by default as many local widths as make the global one, at least one. */
export function queriesPerPatch(model: ModelConfig): number {
  return model.local.queries ?? Math.max(1, Math.round(model.global.dimension / model.local.dimension));
}

/** The patching of a model, whose configuration may be from before there was a choice. */
export function patchingOf(model: { readonly patching?: PatchingConfig | undefined }): PatchingConfig {
  return model.patching ?? { kind: 'static' };
}

/** Tables beside that of the bytes: one for each hash function and n-gram size, in this order. */
export function ngramTables(model: ModelConfig): number {
  return (model.tables.hashFunctions ?? 1) * model.tables.sizes.length;
}
