import { STOP_WORDS } from '../../base/index.ts';
import type { Token } from './token-encoder.ts';

const HAN = /^\p{Script=Han}+$/u;
/** The replacement character stands for a part of one, where a token is bytes. */
const LETTER_OR_DIGIT = /[\p{L}\p{N}\uFFFD]/u;

// As for LSA's words: the locale only chooses the dictionary for Han.
const segmenter = new Intl.Segmenter('zh', { granularity: 'word' });

/** One form for a word whatever wrote it: NFKC, lower case, without accents, which many tokenizers drop. */
export function normalWord(word: string): string {
  return word.normalize('NFKC').toLowerCase().normalize('NFD').replace(/\p{M}/gu, '').normalize('NFC');
}

/** A word at one place of a text: the same object for all of its pieces, another one for the same word elsewhere. */
export interface WordOccurrence {
  /** In its normal form. */
  readonly word: string;
}

/**
 * [tokens] the word that each token is a piece of: pieces joined, runs of Han cut by ICU's segmenter. Undefined for special tokens and for those without letter or digit.
 */
export function wordsOfTokens(tokens: readonly Token[]): (WordOccurrence | undefined)[] {
  const words = new Array<WordOccurrence | undefined>(tokens.length).fill(undefined);
  const isHan = (place: number): boolean => HAN.test(tokens[place]!.text);
  for (let first = 0; first < tokens.length; ) {
    const han = isHan(first);
    let end = first + 1;
    // Decoders join marks of punctuation to the word before them.
    const joins = (place: number): boolean =>
      han ? isHan(place) : tokens[place]!.continues && !isHan(place) && isWordLike(tokens[place]!) === isWordLike(tokens[first]!);
    if (!tokens[first]!.special) {
      while (end < tokens.length && !tokens[end]!.special && joins(end)) end++;
      if (han) segmentHan(tokens, first, end, words);
      else if (isWordLike(tokens[first]!)) words.fill({ word: wordOf(tokens.slice(first, end)) }, first, end);
    }
    first = end;
  }
  return words;
}

const isWordLike = ({ text }: Token): boolean => LETTER_OR_DIGIT.test(text);

/** A word without what some vocabularies keep in one token with it: "bank" of "bank" and "'s". */
function wordOf(pieces: readonly Token[]): string {
  const joined = normalWord(pieces.map(({ text }) => text).join(''));
  return /[\p{L}\p{N}\uFFFD]+/u.exec(joined)?.[0] ?? joined;
}

function segmentHan(tokens: readonly Token[], first: number, end: number, words: (WordOccurrence | undefined)[]): void {
  const run = tokens.slice(first, end).map(({ text }) => text);
  const segments = Array.from(segmenter.segment(run.join('')), ({ segment, index }) => ({ index, word: normalWord(segment) }));
  let [segment, offset] = [0, 0];
  for (let place = 0; place < run.length; place++) {
    while (segment + 1 < segments.length && segments[segment + 1]!.index <= offset) segment++;
    words[first + place] = segments[segment];
    offset += run[place]!.length;
  }
}

/** Places of the tokens that say what a text is about: no special ones, no punctuation, no stop words. */
export function contentTokens(words: readonly (WordOccurrence | undefined)[]): number[] {
  return words.flatMap((word, place) => (word === undefined || STOP_WORDS.has(word.word) ? [] : [place]));
}
