import { z } from 'zod';
import { transformersConfig } from '../teacher-config.ts';

/** A cross-encoder that transformers.js runs, found as teachers are: by folder, by name below the models' folder, or by hub id. */
export const crossEncoderConfig = z.strictObject({
  ...transformersConfig.pick({ model: true, revision: true, remote: true, dtype: true }).shape,
  maximumTokens: z
    .number()
    .int()
    .positive()
    .optional()
    .describe("Tokens of a query, a text and the special ones together; by default what the model's files say."),
  longTexts: z
    .enum(['cut', 'windows'])
    .default('cut')
    .describe('Of a text that does not fit, leave the end out, or read it in overlapping windows, of which the best counts.'),
  batchSize: z.number().int().positive().default(16).describe('Pairs in one batch, at most.'),
});

export type CrossEncoderConfig = z.infer<typeof crossEncoderConfig>;
export type CrossEncoderInput = z.input<typeof crossEncoderConfig>;
