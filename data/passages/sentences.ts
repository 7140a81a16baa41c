/** Sentences of fewer characters say too little to teach anything; longer ones are cut. An ideograph, kana or hangul syllable counts as three. */
export const SHORTEST_SENTENCE = 20;
export const LONGEST_SENTENCE = 300;

const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
const LETTER = /\p{Letter}/u;
/** Where a paragraph ends: a blank line, or a line break before a list item, heading, table row, quotation or directive. */
const PARAGRAPH_END = /\r?\n(?=[ \t]*(?:\r?\n|[-*+•>|#]|\d{1,3}[.)]\s|\.\. ))/;
const segmenter = new Intl.Segmenter('und', { granularity: 'sentence' });

/**
 * Sentences of a text, in order, each a substring of it without white space at its ends. By Unicode's sentence borders (UAX 29), after paragraphs were
 * parted; a single line break inside a paragraph ends no sentence, for it is only wrapping. A sentence of more than 300 characters is cut behind the last white
 * space or comma that fits; what has fewer than 20 characters or no letter is left out.
 */
export function splitSentences(text: string): string[] {
  const sentences: string[] = [];
  for (const paragraph of text.split(PARAGRAPH_END)) {
    const unwrapped = paragraph.replace(/[\r\n]/g, ' ');
    for (const { index, segment } of segmenter.segment(unwrapped)) {
      for (const piece of shorten(paragraph.slice(index, index + segment.length).trim())) {
        if (widthOf(piece) >= SHORTEST_SENTENCE && LETTER.test(piece)) sentences.push(piece);
      }
    }
  }
  return sentences;
}

/** Cuts what is longer than the longest sentence. */
function shorten(sentence: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  let border = -1;
  let width = 0;
  let position = 0;
  for (const character of sentence) {
    width += WIDE.test(character) ? 3 : 1;
    if (width > LONGEST_SENTENCE) {
      const end = border > start ? border : position;
      pieces.push(sentence.slice(start, end).trim());
      start = end;
      border = -1;
      width = widthOf(sentence.slice(start, position + character.length));
    }
    position += character.length;
    if (/[\s,;，、；：]/.test(character)) border = position;
  }
  pieces.push(sentence.slice(start).trim());
  return pieces;
}

function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 3 : 1;
  return width;
}
