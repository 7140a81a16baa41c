import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { messageOf, type RandomNumbers, UsageError } from '../../base/index.ts';
import { splitWords } from '../../encoders/index.ts';
import { sentencesOf } from '../../ingest/index.ts';

/** A query, and names of what answers it. */
export interface JudgedText {
  readonly text: string;
  readonly gold: readonly string[];
}

/** Words of a sentence that is used. */
const FEWEST_WORDS = 6;
const MOST_WORDS = 60;
/** Shares of a sentence's words that are asked with: whole sentences are found by words without fail, and say nothing. */
const SHARES = [0.5, 0.3] as const;
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/** Queries out of a text: of one of its sentences, drawn at random, a half and a third of its words, in their order. None where no sentence has enough words. */
export function queriesOfText(text: string, random: RandomNumbers): string[] {
  const sentences = sentencesOf(text.replace(/\s+/g, ' ')).map(splitWords);
  const usable = sentences.filter(({ length }) => length >= FEWEST_WORDS && length <= MOST_WORDS);
  if (usable.length === 0) return [];
  const words = usable[random.integer(usable.length)]!;
  return SHARES.map((share) => {
    const order = shuffled(words.length, random).slice(0, Math.max(2, Math.round(share * words.length)));
    const kept = order.sort((left, right) => left - right).map((place) => words[place]!);
    return kept.reduce(
      (joined, word) => `${joined}${UNSPACED.test(joined.at(-1)!) && UNSPACED.test(word[0]!) ? '' : ' '}${word}`,
    );
  });
}

const questionLine = z.object({
  query: z.string().min(1),
  documents: z.union([z.string(), z.array(z.string()).min(1)]),
});

/**
 * Judged questions: a line of JSON each, `{"query": …, "documents": …}`, documents one or several names of files as the collection has them (`docs/guide.md`), of documents or of units.
 *
 * @throws UsageError `TUNE_QUESTIONS`
 */
export async function readTuningQuestions(path: string): Promise<JudgedText[]> {
  const fail = (what: string, cause?: unknown): UsageError =>
    new UsageError(
      'TUNE_QUESTIONS',
      `${path}: ${what}; a line is {"query": "how long is leave?", "documents": ["handbook/leave.md"]}`,
      { details: { path }, cause },
    );
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw fail(`it cannot be read (${messageOf(cause)})`, cause);
  }
  const questions: JudgedText[] = [];
  for (const [place, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      const { query, documents } = questionLine.parse(JSON.parse(line));
      questions.push({ text: query, gold: typeof documents === 'string' ? [documents] : documents });
    } catch (cause) {
      throw fail(`line ${place + 1} is no question`, cause);
    }
  }
  if (questions.length === 0) throw fail('it has no questions');
  return questions;
}

/** The numbers below `count` in an order drawn at random. */
export function shuffled(count: number, random: RandomNumbers): number[] {
  const numbers = Int32Array.from({ length: count }, (_, number) => number);
  random.shuffle(numbers);
  return Array.from(numbers);
}
