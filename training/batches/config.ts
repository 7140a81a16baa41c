import { z } from 'zod';

const positive = z.number().int().positive();
const weight = z.number().nonnegative();

/** One granularity of training text: how many of them a step takes, and what their loss counts. */
const granularitySchema = z.strictObject({
  batchSize: z.number().int().nonnegative().describe('Texts in a batch.'),
  weight: weight.describe('What their loss counts in the sum.'),
});

/** Granularities that are made of the training documents. */
const OWN_GRANULARITIES = ['passages', 'sentences', 'titles', 'words', 'spans'];

/** Which texts steps are made of. */
export const textsConfigSchema = z.strictObject({
  passages: granularitySchema
    .prefault({ batchSize: 64, weight: 1 })
    .describe('The passages of the packed corpus: its chunks, where `pack.passageSize` makes no passages inside them.'),
  sentences: granularitySchema
    .extend({ maximum: positive.default(200_000).describe('At most so many are taken.') })
    .prefault({ batchSize: 64, weight: 1 })
    .describe('Sentences of the training documents, each compressed by itself.'),
  titles: granularitySchema
    .extend({ maximum: positive.default(200_000).describe('At most so many are taken.') })
    .optional()
    .describe('Titles of the documents, where they have any; by default none.'),
  words: granularitySchema
    .extend({ maximum: positive.default(50_000).describe('At most so many are taken.') })
    .optional()
    .describe('Words of the passages, the most frequent first.'),
  spans: granularitySchema
    .extend({
      maximum: positive.default(100_000).describe('At most so many are drawn.'),
      shortest: positive.default(2).describe('Words of the shortest.'),
      longest: positive.default(32).describe('Words of the longest.'),
    })
    .refine(({ shortest, longest }) => shortest <= longest, { path: ['longest'], message: 'must not be below shortest' })
    .optional()
    .describe('Runs of words from random places of the passages; `shortest` and `longest` in words.'),
  lists: z
    .array(
      granularitySchema.extend({
        name: z
          .string()
          .regex(/^[a-z][a-z0-9-]*$/, 'small letters, digits and dashes')
          .describe('What the texts are, such as `definitions`.'),
        source: z.string().min(1).describe('A file with a text a line; relative to where the command runs.'),
        maximum: positive.default(200_000).describe('At most so many are taken, the first ones.'),
      }),
    )
    .min(1)
    .refine((lists) => new Set(lists.map(({ name }) => name)).size === lists.length, 'have one name twice')
    .refine(
      (lists) => !lists.some(({ name }) => OWN_GRANULARITIES.includes(name)),
      `must not be called ${OWN_GRANULARITIES.join(', ')}`,
    )
    .optional()
    .describe(
      'Short texts from files besides, such as definitions and lists of words, each list a granularity of its own; by default none.',
    ),
});
export type TextsConfig = z.infer<typeof textsConfigSchema>;
