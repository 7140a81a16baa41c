import { createHash } from 'node:crypto';
import { RandomNumbers, UsageError } from '../../base/index.ts';
import { drawNeedleFacts } from './needle-facts.ts';
import { countWords, largestWordCount, nameDocuments, type SyntheticTask } from './synthetic-task.ts';

/** Text that needles are hidden in, cut into words with the white space behind each. */
export interface Haystack {
  readonly words: readonly string[];
  /** SHA-256 of the text, in hexadecimal. */
  readonly hash: string;
}

/** Joins texts, such as essays, to one haystack. */
export function makeHaystack(texts: Iterable<string>): Haystack {
  const text = `${[...texts].map((part) => part.trim()).join('\n\n')}\n\n`;
  return { words: text.match(/\S+\s*/g) ?? [], hash: createHash('sha256').update(text).digest('hex') };
}

/**
 * Needle in a haystack: a stretch of the haystack from a random place on (behind its end it goes on at its start), and one fact put behind one of its sentences. The same length,
 * seed and haystack give the same task.
 *
 * @throws UsageError `LONG_EMBED_HAYSTACK` when the haystack has fewer words than one document, `LONG_EMBED_LENGTH` for a length that the fact alone fills
 */
export function generateNeedle(length: number, seed: number, { words }: Haystack): SyntheticTask {
  const budget = largestWordCount(length);
  if (words.length < budget) {
    throw new UsageError(
      'LONG_EMBED_HAYSTACK',
      `the haystack has ${words.length} words, and a document of ${length} tokens takes ${budget}: give more text, or leave this length out`,
      { details: { words: words.length, needed: budget } },
    );
  }
  const random = new RandomNumbers(seed, `needle ${length}`);
  const facts = drawNeedleFacts(random).map(({ fact, question }) => {
    const count = budget - countWords(fact);
    if (count < 1)
      throw new UsageError(
        'LONG_EMBED_LENGTH',
        `a text of ${length} tokens has no room for a fact among other sentences; the shortest length of LongEmbed is 256`,
      );
    const start = random.integer(words.length);
    const stretch = Array.from({ length: count }, (_, index) => words[(start + index) % words.length]!);
    return { text: hide(fact, stretch, random), query: question };
  });
  return nameDocuments('needle', length, seed, facts);
}

/** Puts the fact behind the end of a sentence, or anywhere in a stretch that ends none. */
function hide(fact: string, words: readonly string[], random: RandomNumbers): string {
  const ends = words.flatMap((word, index) => (/[.!?]["')\]]?\s*$/.test(word) ? [index + 1] : []));
  const place = ends.length > 0 ? ends[random.integer(ends.length)]! : random.integer(words.length + 1);
  return `${words.slice(0, place).join('')}${fact} ${words.slice(place).join('')}`.trim();
}
