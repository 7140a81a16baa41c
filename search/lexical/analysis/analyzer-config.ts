import { z } from 'zod';
import { UsageError } from '../../../base/index.ts';

/**
 * How texts become terms. `characters`: words of spaced scripts whole, runs of others as characters and pairs (`tokenizer.ts`).
 * `words`: words and identifiers with their parts, with the options below; their defaults are those that ranked best (search/README.md).
 */
export const analyzerConfig = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('characters') }),
  z.strictObject({
    kind: z.literal('words'),
    /** Runs of Han: jieba's words in search mode (`words`), every character and pair (`characters`), or characters, pairs and the words that are longer (`both`). */
    chinese: z.enum(['words', 'characters', 'both']).default('characters'),
    /** Words of ASCII letters are reduced to their stems by English rules (Porter2). */
    stemming: z.boolean().default(true),
    /** Function words of English and Chinese are left out. */
    stopWords: z.boolean().default(true),
    /** Traditional characters become simplified ones. */
    foldTraditional: z.boolean().default(false),
  }),
]);

/** As a caller gives it: what is left out has its default. */
export type AnalyzerInput = z.input<typeof analyzerConfig>;
export type AnalyzerConfig = Readonly<z.infer<typeof analyzerConfig>>;
export type WordsConfig = Extract<AnalyzerConfig, { kind: 'words' }>;

/** @throws UsageError `SEARCH_ANALYZER` naming the place and what is wrong there */
export function parseAnalyzer(input: unknown): AnalyzerConfig {
  const parsed = analyzerConfig.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new UsageError(
    'SEARCH_ANALYZER',
    `this is no analyzer: ${issue.path.join('.') || 'it'}: ${issue.message}; leave it out, or mend it`,
    {
      details: { input },
      cause: parsed.error,
    },
  );
}
