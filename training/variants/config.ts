import { z } from 'zod';

/**
 * Another packing of a run's texts: the chunks of `corpus.zpkg`, the same in number and text, and the short texts, all compressed at another level or with another dictionary. What
 * it does not say is as the run has it.
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
    weight: z
      .number()
      .positive()
      .optional()
      .describe("How often a text of a batch is taken from here; the run's own packing, and by default every variant, has 1."),
  })
  .refine(
    ({ level, dictionarySize, dictionarySample }) =>
      level !== undefined || dictionarySize !== undefined || dictionarySample !== undefined,
    { message: 'says nothing that differs from pack itself: give level, dictionarySize or dictionarySample' },
  );
type PackVariant = z.infer<typeof packVariantSchema>;

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
