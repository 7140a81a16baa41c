import type { CorpusLanguage } from './source.ts';

/** A word occurs at least so often. */
const RAREST = 3;
/** Share of the list that counted words take; the rest are names, which have several words as well. */
const COUNTED = 2 / 3;
const ENGLISH_WORD = /\p{L}[\p{L}\p{M}\p{N}]*(?:['’-][\p{L}\p{N}]+)*/gu;

/** Counts words as they stand in texts, and lists the most frequent. */
export class WordCounts {
  readonly #counts = new Map<string, number>();
  readonly #segmenter: Intl.Segmenter | undefined;

  constructor({ tag }: Pick<CorpusLanguage, 'tag'>) {
    if (tag === 'zh') this.#segmenter = new Intl.Segmenter('zh', { granularity: 'word' });
  }

  add(text: string): void {
    for (const word of this.#wordsOf(text)) this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1);
  }

  *#wordsOf(text: string): Generator<string> {
    if (this.#segmenter === undefined) {
      for (const [word] of text.matchAll(ENGLISH_WORD)) yield word;
      return;
    }
    // Definitions of Chinese words are in English.
    for (const { segment } of this.#segmenter.segment(text)) if (/\p{Script=Han}/u.test(segment)) yield segment;
  }

  /**
   * Words by falling frequency, then names that are none of them, evenly from all: at most so many in all. A word in capitals that is more frequent in lower case is left out (it began a
   * sentence); one that is not stays (it is a name). Words are letters and at most 40 characters.
   */
  list(maximum: number, names: readonly string[]): string[] {
    const counted = [...this.#counts]
      .filter(([word, count]) => count >= RAREST && word.length <= 40 && /\p{L}/u.test(word) && !this.#beganSentence(word, count))
      .sort((a, b) => b[1] - a[1])
      .map(([word]) => word);
    const words = new Set(counted.slice(0, Math.ceil(COUNTED * maximum)));
    const further = [...new Set(names)].filter((name) => name.length >= 2 && name.length <= 60 && !words.has(name));
    const places = Math.min(further.length, maximum - words.size);
    for (let place = 0; place < places; place++) words.add(further[Math.floor((place * further.length) / places)]!);
    for (const word of counted) {
      if (words.size >= maximum) break;
      words.add(word);
    }
    return [...words];
  }

  #beganSentence(word: string, count: number): boolean {
    const lower = word.toLowerCase();
    return lower !== word && (this.#counts.get(lower) ?? 0) > count;
  }
}
