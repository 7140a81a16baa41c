/** Scripts that put no spaces between words: their runs go through ICU's segmenter. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Letters, marks, digits and the underscore: what a word is made of in scripts with spaces. */
const WORD = /[\p{L}\p{M}\p{N}_]+/gu;

/** The same for text that is ASCII only, without the cost of Unicode classes. */
const ASCII_WORD = /[a-z0-9_]+/g;

const NON_ASCII = /[\u0080-\uffff]/;

// The locale only chooses dictionaries for scripts that several languages share; 'und' would leave Han runs in single characters.
const segmenter = new Intl.Segmenter('zh', { granularity: 'word' });

/**
 * The words of a text, lowercased (NFKC first, so that full-width and compatibility forms meet their plain ones), in order.
 * Runs of scripts without spaces (Chinese, Japanese, Thai, …) are cut by ICU's word segmenter, everything else at what is neither letter nor digit.
 */
export function splitWords(text: string): string[] {
  if (!NON_ASCII.test(text)) return text.toLowerCase().match(ASCII_WORD) ?? [];
  const runs = text.normalize('NFKC').toLowerCase().match(WORD) ?? [];
  if (!UNSPACED.test(text)) return runs;
  const words: string[] = [];
  for (const run of runs) {
    if (!UNSPACED.test(run)) words.push(run);
    else for (const part of segmenter.segment(run)) if (part.isWordLike) words.push(part.segment);
  }
  return words;
}
