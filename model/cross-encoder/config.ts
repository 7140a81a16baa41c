import { z } from 'zod';

const positive = z.number().int().positive();

/** Shape of a cross-encoder, BERT's (Devlin et al. 2019); the defaults are those of MiniLM with six layers. */
export const crossEncoderModelConfigSchema = z
  .strictObject({
    vocabulary: positive.default(30_522).describe("Tokens of the tokenizer's vocabulary."),
    dimension: positive.default(384).describe('Width of the states; a multiple of `heads`.'),
    layers: positive.default(6).describe('Transformer blocks. Fewer than the weights have that it starts with: the first ones.'),
    heads: positive.default(12).describe('Heads of the attention.'),
    feedForward: positive.default(1536).describe('Width of the feed-forward part.'),
    positions: positive.default(512).describe('Tokens of a pair, at most.'),
    pooling: z
      .enum(['first', 'mean', 'similarity'])
      .default('first')
      .describe(
        'What the score is computed from: the state of the first token, the mean of all, or how much the states of both texts resemble each other, which begins where an encoder of vectors is: the cosine of their means, and the best cosine of each token of the query. With it token types say nothing to the embedding, as in such an encoder.',
      ),
    separateLayers: z
      .number()
      .int()
      .nonnegative()
      .default(0)
      .describe(
        'The first blocks in which the tokens of a text see those of their own text alone, as an encoder of vectors reads them.',
      ),
    epsilon: z.number().positive().default(1e-12).describe('Added to variances in the normalisation.'),
  })
  .superRefine(({ dimension, heads, layers, separateLayers }, context) => {
    if (separateLayers > layers) {
      context.addIssue({ code: 'custom', path: ['separateLayers'], message: `is ${separateLayers} of ${layers} layers` });
    }
    if (dimension % heads === 0) return;
    context.addIssue({ code: 'custom', path: ['heads'], message: `dimension ${dimension} must be a multiple of heads ${heads}` });
  });

/** Decides the shape of every weight of a cross-encoder. */
export type CrossEncoderModelConfig = z.infer<typeof crossEncoderModelConfigSchema>;
