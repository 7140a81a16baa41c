import { RandomNumbers } from '../../base/index.ts';
import { splitWords } from '../../encoders/index.ts';
import { splitSentences } from './sentences.ts';

/** The passages' sentences, each once, in order; at most `maximum`. */
export function uniqueSentences(passages: readonly string[], maximum: number): string[] {
  const sentences = new Set<string>();
  for (const passage of passages) {
    for (const sentence of splitSentences(passage)) sentences.add(sentence);
    if (sentences.size >= maximum) break;
  }
  return [...sentences].slice(0, maximum);
}

/** Words (`splitWords`) with a letter that occur in at least two passages, those in most passages first, equal ones as they came; at most `maximum`. */
export function uniqueWords(passages: readonly string[], maximum: number): string[] {
  const occurrences = new Map<string, number>();
  for (const passage of passages) {
    for (const word of new Set(splitWords(passage))) occurrences.set(word, (occurrences.get(word) ?? 0) + 1);
  }
  return [...occurrences]
    .filter(([word, count]) => count >= 2 && /\p{L}/u.test(word))
    .sort((a, b) => b[1] - a[1])
    .slice(0, maximum)
    .map(([word]) => word);
}

export interface SpanOptions {
  /** How many are drawn; of equal ones only the first stays. */
  readonly maximum: number;
  /** Words, by white space, of the shortest and the longest span; lengths between are equally likely on a logarithmic scale. */
  readonly shortest: number;
  readonly longest: number;
  readonly seed: number;
}

/** Runs of words from random places of random passages, each as it stands there. They begin and end on white space and nowhere else, so that they teach what parts of sentences mean. */
export function randomSpans(passages: readonly string[], { maximum, shortest, longest, seed }: SpanOptions): string[] {
  const random = new RandomNumbers(seed, 'spans');
  const spans = new Set<string>();
  const borders = new Map<number, readonly RegExpMatchArray[]>();
  for (let draw = 0; draw < maximum && passages.length > 0; draw++) {
    const number = random.integer(passages.length);
    const passage = passages[number]!;
    let words = borders.get(number);
    if (words === undefined) {
      words = [...passage.matchAll(/\S+/g)];
      borders.set(number, words);
    }
    const length = Math.min(words.length, Math.floor(shortest * ((longest + 1) / shortest) ** random.uniform()));
    if (length < shortest) continue;
    const first = random.integer(words.length - length + 1);
    const last = words[first + length - 1]!;
    spans.add(passage.slice(words[first]!.index, last.index! + last[0].length));
  }
  return [...spans];
}
