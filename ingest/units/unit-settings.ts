import { z } from 'zod';
import { UsageError } from '../../base/index.ts';

/** Where a unit may begin: the whole document, wherever the last one is full, at headings, or where the meaning changes. */
const UNIT_STRATEGIES = ['document', 'sliding', 'headings', 'semantic'] as const;

/** Fewer could not hold a table's header and one row of it. */
const SMALLEST_MAXIMUM = 64;

/** How documents are cut into units. The units of LongRAG (Jiang et al. 2024, arXiv 2406.15319) have about 4,000 tokens, which is the middle of the default bounds. */
export const unitSettings = z
  .strictObject({
    strategy: z
      .enum(UNIT_STRATEGIES)
      .default('headings')
      .describe(
        '`document`: the whole, cut only when it is larger than the maximum; `sliding`: filled to the maximum; `headings`: sections that fit, large ones by their subsections, small ones joined; `semantic`: where neighbouring blocks differ most',
      ),
    minimumTokens: z
      .number()
      .int()
      .min(0)
      .default(2000)
      .describe('smaller neighbours are joined as far as the strategy and the maximum allow it'),
    maximumTokens: z
      .number()
      .int()
      .min(SMALLEST_MAXIMUM)
      .default(6000)
      .describe('no unit has more, except a document that is one unit by its nature'),
    overlap: z
      .union([
        z.strictObject({ blocks: z.number().int().min(1).describe('blocks of the unit before that are repeated') }),
        z.strictObject({ tokens: z.number().int().min(1).describe('tokens of the unit before that are repeated, at most') }),
      ])
      .optional()
      .describe('only for `sliding`: how much of the unit before is repeated, in whole blocks and at most half a unit'),
    semanticShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .describe(
        'only for `semantic`: the share of all places between blocks, those with the least similarity, where a border is wanted and not only allowed',
      ),
  })
  .refine(({ minimumTokens, maximumTokens }) => minimumTokens <= maximumTokens, {
    path: ['minimumTokens'],
    message: 'must not be above maximumTokens',
  })
  .refine(({ strategy, overlap }) => overlap === undefined || strategy === 'sliding', {
    path: ['overlap'],
    message: 'is only for the strategy "sliding"',
  });

export type UnitSettings = Readonly<z.infer<typeof unitSettings>>;
/** As a caller gives them: what is left out has its default. */
export type UnitSettingsInput = z.input<typeof unitSettings>;

/** @throws UsageError `UNIT_OPTIONS` naming the place and what is wrong there */
export function parseUnitSettings(input: unknown): UnitSettings {
  const parsed = unitSettings.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new UsageError(
    'UNIT_OPTIONS',
    `these settings of units cannot be used: ${issue.path.join('.') || 'they'}: ${issue.message}; leave it out, or mend it`,
    { details: { input }, cause: parsed.error },
  );
}
