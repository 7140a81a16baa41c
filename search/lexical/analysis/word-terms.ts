import { stem } from 'porter2';
import { STOP_WORDS } from '../../../base/index.ts';
import { charactersAndPairs, UNSPACED_BUT_HAN } from '../tokenizer.ts';
import { articleNumbers, identifierTerms, WORD_OR_IDENTIFIER } from './identifiers.ts';

export interface WordRules {
  readonly stemming: boolean;
  readonly stopWords: boolean;
  /** Cuts a run of Han characters. */
  readonly cut: (run: string) => Iterable<string>;
  /** Applied to the whole text first. */
  readonly fold?: ((text: string) => string) | undefined;
}

/** A run of Han, a run of another unspaced script (both captured), or a word or identifier of every other script. */
const RUN = new RegExp(`(\\p{Script=Han}+)|([${UNSPACED_BUT_HAN}]+)|${WORD_OR_IDENTIFIER}`, 'gu');
/** What English stems are taken of. */
const ENGLISH = /^[a-z]{3,}$/;
/** Longest term in UTF-16 units: a key that every index can hold. Longer words are cut off, longer identifiers have only their parts. */
const LONGEST = 128;

/**
 * Texts to terms, by runs of one script. NFKC, lower case. Runs of Han as `cut` gives them, with numbers of articles beside them; runs of other unspaced scripts as characters and pairs; words
 * of spaced scripts without stop words and as stems; identifiers as they are beside their parts. Borders are those of Unicode's properties, not of `Intl.Segmenter`, whose words depend on the
 * version of ICU.
 */
export function wordTerms({ stemming, stopWords, cut, fold }: WordRules): (text: string) => string[] {
  const stops: ReadonlySet<string> = stopWords ? STOP_WORDS : new Set();
  return (text) => {
    const composed = text.normalize('NFKC');
    const normal = fold ? fold(composed) : composed;
    const terms: string[] = [...articleNumbers(normal)];
    const push = (word: string): void => {
      if (stops.has(word)) return;
      terms.push(stemming && ENGLISH.test(word) ? stem(word) : word);
    };
    for (const [run, han, unspaced] of normal.matchAll(RUN)) {
      if (han !== undefined) for (const word of cut(han)) push(word);
      else if (unspaced !== undefined) for (const term of charactersAndPairs(unspaced)) terms.push(term);
      else {
        const { whole, parts } = identifierTerms(run);
        for (const term of whole) if (term.length <= LONGEST) terms.push(term);
        for (const part of parts) push(part.length <= LONGEST ? part : shortened(part));
      }
    }
    return terms;
  };
}

/** Cut between characters, not within one. */
function shortened(word: string): string {
  return word.slice(0, LONGEST).replace(/[\uD800-\uDBFF]$/, '');
}
