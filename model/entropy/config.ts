import { z } from 'zod';
import { feedForwardDimension } from '../config.ts';

const positive = z.number().int().positive();

/**
 * Shape of the byte language model whose entropies cut texts into patches. Defaults: BLT's (facebookresearch/blt; `BltPatcherConfig` in transformers), except the feed-forward width, which
 * follows BLT's rule and is 2048 for 768.
 */
export const entropyModelConfigSchema = z
  .strictObject({
    dimension: positive.default(768).describe('Width of the states; an even multiple of `heads`.'),
    layers: positive.default(14).describe('Transformer blocks.'),
    heads: positive.default(12).describe('Heads of the attention.'),
    feedForward: positive
      .optional()
      .describe('Width of the feed-forward part; by default `256 * ceil(floor(8 * dimension / 3) / 256)`.'),
    window: positive.default(512).describe('A byte sees the bytes before it that are nearer than this.'),
    context: positive
      .default(8192)
      .describe('Bytes that are looked at in one piece: longer texts are read in overlapping pieces. A multiple of the window.'),
    ropeTheta: z.number().positive().default(10_000).describe('Base of the rotary positions.'),
  })
  .superRefine(({ dimension, heads, window, context: length }, context) => {
    if (dimension % heads !== 0 || (dimension / heads) % 2 !== 0) {
      context.addIssue({
        code: 'custom',
        path: ['heads'],
        message: `dimension ${dimension} must be an even multiple of heads ${heads} (rotary positions turn pairs)`,
      });
    }
    if (length % window !== 0 || length < 2 * window) {
      context.addIssue({
        code: 'custom',
        path: ['context'],
        message: `must be a multiple of the window ${window}, at least twice as long, got ${length}`,
      });
    }
  });

/** Decides the shape of every weight of an entropy model. */
export type EntropyModelConfig = z.infer<typeof entropyModelConfigSchema>;

/** Width of the feed-forward part. */
export function entropyFeedForward(config: EntropyModelConfig): number {
  return config.feedForward ?? feedForwardDimension(config.dimension);
}
