import { z } from 'zod';
import { UsageError } from '../../base/index.ts';
import { NOISE_KINDS } from './noise-kinds.ts';

/** What rules may drop. */
export const PRUNE_RULES = ['page-number', 'copyright', 'navigation', 'boilerplate'] as const;

export type PruneRule = (typeof PRUNE_RULES)[number];

/** What is left out of documents before they are cut, and of units to make them shorter. */
export const pruneSettings = z
  .strictObject({
    rules: z
      .array(z.enum(PRUNE_RULES))
      .default([...PRUNE_RULES])
      .describe(
        'which blocks are dropped: page numbers, copyright lines, links to move about, lines that many documents of a source begin or end with',
      ),
    boilerplateDocuments: z
      .number()
      .int()
      .min(2)
      .default(5)
      .describe('a line is boilerplate when at least so many documents of one source begin or end with it …'),
    boilerplateShare: z.number().gt(0).max(1).default(0.3).describe('… and at least this share of them'),
    noiseKinds: z
      .array(z.enum(NOISE_KINDS))
      .default([...NOISE_KINDS])
      .describe('what the classifier of blocks drops: advertisements, disclaimers, what stands beside a text …'),
    noiseProbability: z.number().gt(0).max(1).default(0.7).describe('… where it is at least so sure of it'),
    targetTokens: z.number().int().min(16).default(2000).describe('tokens of a unit that is pruned by scores'),
    fewestSentences: z
      .number()
      .int()
      .min(1)
      .default(3)
      .describe('with a chat model: a text of which it keeps fewer stays as it is'),
    mostSentences: z.number().int().min(1).default(5).describe('with a chat model: sentences that are kept at most'),
  })
  .refine(({ fewestSentences, mostSentences }) => fewestSentences <= mostSentences, {
    path: ['fewestSentences'],
    message: 'must not be above mostSentences',
  });

export type PruneSettings = Readonly<z.infer<typeof pruneSettings>>;
/** As a caller gives them: what is left out has its default. */
export type PruneSettingsInput = z.input<typeof pruneSettings>;

/** @throws UsageError `PRUNE_OPTIONS` naming the place and what is wrong there */
export function parsePruneSettings(input: unknown): PruneSettings {
  const parsed = pruneSettings.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new UsageError(
    'PRUNE_OPTIONS',
    `these settings of pruning cannot be used: ${issue.path.join('.') || 'they'}: ${issue.message}; leave it out, or mend it`,
    { details: { input }, cause: parsed.error },
  );
}
