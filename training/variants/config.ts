import { z } from 'zod';

/**
 * Another packing of a run's texts: the chunks of `corpus.zpkg`, the same in number and text, or windows of neighbouring passages, and the short texts, all compressed at another level
 * or with another dictionary. What it does not say is as the run has it.
 */
export const packVariantSchema = z
  .strictObject({
    level: z.number().int().min(-7).max(22).optional().describe('zstd level; by default `pack.level`.'),
    dictionarySize: z.number().int().nonnegative().optional().describe('In bytes; 0: no dictionary.'),
    dictionarySample: z
      .strictObject({
        share: z.number().positive().max(1).describe('Probability of a chunk.'),
        seed: z.number().int().default(1).describe('Seed of the draw.'),
      })
      .optional()
      .describe('The dictionary is trained on a part of the chunks, each drawn with the probability `share`; by default on all.'),
    window: z
      .number()
      .int()
      .min(2)
      .max(1000)
      .optional()
      .describe(
        'So many neighbouring passages are joined into one chunk, by blank lines, and each is read from its place there, as from the chunks of long documents; short texts stay by themselves. Absent: chunks as the run has them.',
      ),
    windowOrder: z
      .enum(['corpus', 'id'])
      .optional()
      .describe(
        'Which passages are neighbours: in the order of the `corpus` (by default), or of the `id` of their documents, numbers in it by their value (`d2` before `d10`), for files that were shuffled.',
      ),
    weight: z
      .number()
      .positive()
      .optional()
      .describe("How often a text of a batch is taken from here; the run's own packing, and by default every variant, has 1."),
  })
  .refine(
    ({ level, dictionarySize, dictionarySample, window }) =>
      level !== undefined || dictionarySize !== undefined || dictionarySample !== undefined || window !== undefined,
    { message: 'says nothing that differs from pack itself: give level, dictionarySize, dictionarySample or window' },
  )
  .refine(({ window, windowOrder }) => windowOrder === undefined || window !== undefined, {
    path: ['windowOrder'],
    message: 'needs window, which says how many passages are joined',
  });
export type PackVariant = z.infer<typeof packVariantSchema>;

/** Each takes the disk of a whole container, and memory for all short texts. */
export const MOST_VARIANTS = 16;

/** How a training corpus is packed. */
export interface PackSettings {
  readonly level: number;
  readonly targetChunkSize: number;
  readonly dictionarySize: number;
  /** Bytes of a passage inside a chunk, about; absent: each chunk is its own one passage. */
  readonly passageSize?: number | undefined;
  /** Bytes that a passage shares with the one before it, at most. */
  readonly passageOverlap?: number | undefined;
  /** The same texts packed otherwise, which the model is trained on as well; absent: none. */
  readonly variants?: readonly PackVariant[] | undefined;
}
