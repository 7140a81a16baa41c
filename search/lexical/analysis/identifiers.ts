import { SPACED } from '../tokenizer.ts';

/** What joins the parts of an identifier: a sign between two words without a space. */
const CONNECTOR = '(?:://|::|_+|[.:/@-])';

/** Source of a regular expression: a word, or several joined by connectors. */
export const WORD_OR_IDENTIFIER = `(?:${SPACED})+(?:${CONNECTOR}(?:${SPACED})+)*`;

/** Connectors, but not a point between digits: versions and decimal numbers stay whole. */
const BREAK = /[_:/@-]+|\.(?![0-9])|(?<![0-9])\./u;
/**
 * A new word of camel case: an upper-case letter after two lower-case ones, or between a lower-case letter or digit and a lower-case letter; or the last of several before two lower-case
 * letters. `mRNA`, `DNAs` and `pH` have none.
 */
const HUMP = /(?<=\p{Ll}{2})(?=\p{Lu})|(?<=[\p{Ll}0-9])(?=\p{Lu}\p{Ll})|(?<=\p{Lu})(?=\p{Lu}\p{Ll}{2})/u;
const VERSION = /^v(?=[0-9]+\.[0-9.]+$)/u;

/** Numbered places of Chinese laws, in Chinese or Arabic digits: 第五百九十条, 第 12 条, 第一百二十条之一. */
const ARTICLE = /(第 ?(?:[0-9]+|[〇零一二两兩三四五六七八九十百千]+) ?[编編章节節条條款项項])(之[一二三四五六七八九十]+)?/gu;

/** Most words, known at a glance. */
const PLAIN = /^(?:[A-Za-z][a-z]*|[0-9]+)$/;

/** What an identifier is found by. */
export interface IdentifierTerms {
  /** As they are, in lower case; empty where the text is one plain word. */
  readonly whole: readonly string[];
  /** Words, in lower case. */
  readonly parts: readonly string[];
}

/** `ERR_FOO_BAR` as it is and err, foo, bar; `fs.readFileSync` as it is, readfilesync, and fs, read, file, sync; `v1.2.3` as it is and 1.2.3. */
export function identifierTerms(text: string): IdentifierTerms {
  if (PLAIN.test(text)) return { whole: [], parts: [text.toLowerCase()] };
  const pieces = text.split(BREAK);
  const humped = pieces.map((piece) => piece.split(HUMP));
  if (pieces.length === 1 && humped[0]!.length === 1 && !VERSION.test(text)) {
    const lower = text.toLowerCase();
    return lower.includes('.') ? { whole: [lower], parts: [] } : { whole: [], parts: [lower] };
  }
  const whole = new Set([text.toLowerCase()]);
  const parts: string[] = [];
  for (const [place, piece] of pieces.entries()) {
    const words = humped[place]!;
    if (words.length > 1) whole.add(piece.toLowerCase());
    if (VERSION.test(piece)) whole.add(piece.toLowerCase());
    for (const word of words) parts.push(word.toLowerCase().replace(VERSION, ''));
  }
  return { whole: [...whole], parts };
}

/** Numbers of articles and chapters, without spaces; of one with 之一 also the article itself. */
export function* articleNumbers(text: string): Generator<string> {
  for (const [, article, insertion] of text.matchAll(ARTICLE)) {
    const plain = article!.replaceAll(' ', '');
    yield plain;
    if (insertion !== undefined) yield plain + insertion;
  }
}
