import { createHash } from 'node:crypto';
import { splitWords } from '../lsa/words.ts';
import { normalWord } from './token-words.ts';

/** Words that are kept, at most: those of the most documents. */
const VOCABULARY = 50_000;

/** How rare words are, counted over texts once: the inverse document frequency ln((1 + n) / (1 + documents)) + 1, as in `TfIdf`. */
export class WordWeights {
  readonly documents: number;
  readonly #counts: ReadonlyMap<string, number>;

  constructor(documents: number, counts: ReadonlyMap<string, number>) {
    this.documents = documents;
    this.#counts = counts;
  }

  /** Counts in how many of the texts each word is; words of one text alone are as good as unknown, and are left out. */
  static async count(texts: Iterable<string> | AsyncIterable<string>): Promise<WordWeights> {
    const counts = new Map<string, number>();
    let documents = 0;
    for await (const text of texts) {
      documents++;
      for (const word of new Set(splitWords(text).map(normalWord))) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const common = [...counts].filter(([, count]) => count > 1).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return new WordWeights(documents, new Map(common.slice(0, VOCABULARY)));
  }

  /** Digest of the counts: the same ones choose the same tokens. */
  get revision(): string {
    return createHash('sha256').update(JSON.stringify(this)).digest('hex').slice(0, 16);
  }

  weight(word: string): number {
    return Math.log((1 + this.documents) / (1 + (this.#counts.get(word) ?? 0))) + 1;
  }

  toJSON(): { readonly documents: number; readonly counts: Readonly<Record<string, number>> } {
    return { documents: this.documents, counts: Object.fromEntries(this.#counts) };
  }
}
