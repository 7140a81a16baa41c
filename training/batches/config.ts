import { z } from 'zod';

const positive = z.number().int().positive();
const weight = z.number().nonnegative();

/** One granularity of training text: how many of them a step takes, and what their loss counts. */
const granularitySchema = z.strictObject({ batchSize: z.number().int().nonnegative(), weight });

/** Which texts steps are made of. */
export const textsConfigSchema = z.strictObject({
  /** The chunks of the packed corpus. */
  passages: granularitySchema.prefault({ batchSize: 64, weight: 1 }),
  /** Sentences of the training documents, each compressed by itself. */
  sentences: granularitySchema.extend({ maximum: positive.default(200_000) }).prefault({ batchSize: 64, weight: 1 }),
  /** Titles of the documents, where they have any; absent, as the two below: none. */
  titles: granularitySchema.extend({ maximum: positive.default(200_000) }).optional(),
  /** Words of the passages, the most frequent first. */
  words: granularitySchema.extend({ maximum: positive.default(50_000) }).optional(),
  /** Runs of words from random places of the passages; `shortest` and `longest` in words. */
  spans: granularitySchema
    .extend({ maximum: positive.default(100_000), shortest: positive.default(2), longest: positive.default(32) })
    .refine(({ shortest, longest }) => shortest <= longest, { path: ['longest'], message: 'must not be below shortest' })
    .optional(),
});
export type TextsConfig = z.infer<typeof textsConfigSchema>;
