import { z } from 'zod';
import { UsageError } from '../../base/index.ts';
import { openAnalyzer } from '../../search/lexical/index.ts';
import { TopicModel, type WordCounts } from './topic-model.ts';

/** How paragraphs are filtered by their topics. */
export const topicFilterSettings = z.strictObject({
  topics: z.number().int().min(1).default(5).describe('topics that are looked for in the paragraphs'),
  words: z.number().int().min(1).default(1000).describe('words of the vocabulary: the most frequent ones'),
  seed: z.number().int().default(0).describe('of the random beginning'),
  threshold: z
    .number()
    .min(0)
    .max(1)
    .default(0.7)
    .describe('a paragraph is kept whose topics, multiplied with those of the query, give more than this'),
});

export type TopicFilterSettings = Readonly<z.infer<typeof topicFilterSettings>>;

export interface TopicFiltered {
  /** [texts]: each with the paragraphs that were kept, in their order, one blank line between them; empty where none was. */
  readonly texts: readonly string[];
  /** Of all texts. */
  readonly paragraphs: number;
  readonly kept: number;
}

/** Blank lines, which may hold spaces. */
const BLANK_LINES = /\n[^\S\n]*\n\s*/;

/**
 * Keeps of found texts the paragraphs that are about what the query is about, before a reader gets them: topics are learnt from the paragraphs of these texts alone, and a paragraph is kept whose shares of topics
 * agree with the query's. With none kept, or a query that has no word of theirs, the texts stay as they are.
 *
 * @param terms how texts become words; stems without stop words unless given
 * @throws UsageError `RAG_TOPICS` for settings that make no sense
 */
export async function filterByTopics(
  query: string,
  texts: readonly string[],
  input: z.input<typeof topicFilterSettings> = {},
  terms?: (text: string) => readonly string[],
): Promise<TopicFiltered> {
  const { topics, words, seed, threshold } = parseSettings(input);
  const cut = terms ?? (await openAnalyzer({ kind: 'words' })).terms;
  const paragraphs = texts.map((text) =>
    text
      .trim()
      .split(BLANK_LINES)
      .filter((paragraph) => paragraph !== ''),
  );
  const all = paragraphs.flat();
  const unchanged = { texts, paragraphs: all.length, kept: all.length };
  const termsOf = all.map(cut);
  const vocabulary = mostFrequent(termsOf, words);
  const asked = countsOf(cut(query), vocabulary);
  if (asked.words.length === 0) return unchanged;
  const counts = termsOf.map((found) => countsOf(found, vocabulary));
  const model = TopicModel.fit(counts, { topics, words: vocabulary.size, seed });
  const wanted = model.sharesOf(asked);
  const agrees = counts.map(
    (one) => model.sharesOf(one).reduce((sum, share, topic) => sum + share * wanted[topic]!, 0) > threshold,
  );
  const kept = agrees.filter((agreed) => agreed).length;
  if (kept === 0) return unchanged;
  let place = 0;
  const filtered = paragraphs.map((own) => own.filter(() => agrees[place++]).join('\n\n'));
  return { texts: filtered, paragraphs: all.length, kept };
}

function parseSettings(input: unknown): TopicFilterSettings {
  const parsed = topicFilterSettings.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new UsageError(
    'RAG_TOPICS',
    `these settings of the topic filter cannot be used: ${issue.path.join('.') || 'they'}: ${issue.message}; leave it out, or mend it`,
    { details: { input }, cause: parsed.error },
  );
}

/** Words and their columns; of equally frequent ones those that come first in the order of UTF-16. */
function mostFrequent(texts: readonly (readonly string[])[], words: number): Map<string, number> {
  const totals = new Map<string, number>();
  for (const text of texts) for (const word of text) totals.set(word, (totals.get(word) ?? 0) + 1);
  const ranked = [...totals].sort(([left, most], [right, more]) => more - most || (left < right ? -1 : 1));
  return new Map(ranked.slice(0, words).map(([word], column) => [word, column]));
}

function countsOf(text: readonly string[], vocabulary: ReadonlyMap<string, number>): WordCounts {
  const counts = new Map<number, number>();
  for (const word of text) {
    const column = vocabulary.get(word);
    if (column !== undefined) counts.set(column, (counts.get(column) ?? 0) + 1);
  }
  return { words: Int32Array.from(counts.keys()), counts: Float64Array.from(counts.values()) };
}
