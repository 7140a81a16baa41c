/** A part of a text, in UTF-16 units. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** A text as quotes are compared in it, and where each of its characters came from. */
interface Folded {
  readonly text: string;
  /** [text] begin in the original. */
  readonly starts: readonly number[];
  /** [text] end in the original. */
  readonly ends: readonly number[];
}

const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u;
const CHARACTER = /\P{M}\p{M}*|\p{M}+/gsu;
const SPACE = /^[\s\u200b\u2060\ufeff\u00ad]+$/u;
const DOUBLE_QUOTES = /[“”„‟«»「」『』〝〞＂]/gu;
const SINGLE_QUOTES = /[‘’‚‛′´]/gu;
const DASHES = /[‐‑‒–—―−－]/gu;
/** Marks of Markdown, which models leave out of what they quote. */
const MARKS = /[*`]/gu;
const QUOTES_AROUND = /^["'“”‘’「」『』«»\s]+|["'“”‘’「」『』«»\s]+$/gu;
const ELLIPSIS_AROUND = /^(?:\.{3,}|…)\s*|\s*(?:\.{3,}|…)$/gu;
const WORD = /[\p{L}\p{N}]/u;
/** Fewer letters and digits quote nothing. */
const FEWEST = 2;

/**
 * Finds words in a text that are said to stand there: as they are; else without regard to case, width, forms of quotation marks and dashes, white space and marks of Markdown, but letter by letter. Words are not cut in two.
 *
 * @param near a place that is preferred, where the quote stands in several
 * @returns the place in the text as it is; undefined where there is none
 */
export function findQuote(text: string, quote: string, near: TextRange = { start: 0, end: 0 }): TextRange | undefined {
  const wanted = quote.replace(ELLIPSIS_AROUND, '').trim();
  if ((wanted.match(/[\p{L}\p{N}]/gu)?.length ?? 0) < FEWEST) return undefined;
  const exact = best(occurrences(text, wanted), text, near);
  if (exact !== undefined) return exact;
  const needle = folded(wanted.replace(QUOTES_AROUND, '').replace(ELLIPSIS_AROUND, '')).text;
  if ((needle.match(/[\p{L}\p{N}]/gu)?.length ?? 0) < FEWEST) return undefined;
  const hay = folded(text);
  const places = occurrences(hay.text, needle).map(({ start, end }) => ({ start: hay.starts[start]!, end: hay.ends[end - 1]! }));
  return best(places, text, near);
}

function occurrences(text: string, wanted: string): TextRange[] {
  const found: TextRange[] = [];
  for (let start = text.indexOf(wanted); start >= 0; start = text.indexOf(wanted, start + 1))
    found.push({ start, end: start + wanted.length });
  return found;
}

/** One that cuts no word and lies where it is looked for first. */
function best(places: readonly TextRange[], text: string, near: TextRange): TextRange | undefined {
  const whole = places.filter((place) => !cutsWord(text, place.start) && !cutsWord(text, place.end));
  return whole.find(({ start, end }) => start >= near.start && end <= near.end) ?? whole[0];
}

/** Whether a border lies between two letters or digits of a script that has spaces, or within a character. */
function cutsWord(text: string, border: number): boolean {
  const before = Array.from(text.slice(Math.max(0, border - 2), border)).at(-1) ?? '';
  const after = String.fromCodePoint(text.codePointAt(border) ?? 0x20);
  if (/^\p{M}/u.test(after) || /^[\uDC00-\uDFFF]/.test(text.charAt(border))) return true;
  return WORD.test(before) && WORD.test(after) && !CJK.test(before) && !CJK.test(after);
}

function folded(original: string): Folded {
  let text = '';
  const [starts, ends]: [number[], number[]] = [[], []];
  let space: TextRange | undefined;
  const push = (characters: string, { start, end }: TextRange): void => {
    for (let place = 0; place < characters.length; place++) {
      starts.push(start);
      ends.push(end);
    }
    text += characters;
  };
  for (const { 0: character, index } of original.matchAll(CHARACTER)) {
    const range = { start: index, end: index + character.length };
    if (SPACE.test(character)) {
      space ??= range;
      continue;
    }
    const plain = isPlain(character) ? character.toLowerCase() : unified(character);
    if (plain === '') continue;
    // Between ideographs white space says nothing.
    const last = text.at(-1);
    if (space !== undefined && last !== undefined && !CJK.test(last) && !CJK.test(plain)) push(' ', space);
    space = undefined;
    push(plain, range);
  }
  return { text, starts, ends };
}

/** A letter or digit of ASCII. */
const isPlain = (character: string): boolean => /^[A-Za-z0-9]$/.test(character);

function unified(character: string): string {
  return character
    .normalize('NFKC')
    .replace(DOUBLE_QUOTES, '"')
    .replace(SINGLE_QUOTES, "'")
    .replace(DASHES, '-')
    .replace(MARKS, '')
    .toLowerCase()
    .trim();
}
