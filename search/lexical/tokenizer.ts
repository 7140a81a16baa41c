/** Scripts that put no space between words (Unicode script names), besides Han: their runs are cut into characters and pairs. */
export const UNSPACED_BUT_HAN = ['Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer', 'Myanmar']
  .map((script) => `\\p{Script=${script}}`)
  .join('');
const UNSPACED = `\\p{Script=Han}${UNSPACED_BUT_HAN}`;
/** One character of a word of every other script: a letter, mark or digit. */
export const SPACED = `(?![${UNSPACED}])[\\p{Letter}\\p{Mark}\\p{Number}]`;

/** Either a run of an unspaced script (captured), or a word of every other script. */
const RUN = new RegExp(`([${UNSPACED}]+)|(?:${SPACED})+`, 'gu');

/**
 * The terms of a text for word search: NFKC, lower case; words of spaced scripts whole, unstemmed, no stop words; runs of unspaced
 * scripts as every character and every pair of neighbours.
 *
 * Characters and pairs rather than a dictionary segmenter, because they rank better (law-zh-beir nDCG@10: test 0.978, low 0.353;
 * words of Intl.Segmenter: 0.935, 0.214; pairs alone: 0.977, 0.219) and give the same terms on every ICU version.
 */
export function tokenize(text: string): string[] {
  const terms: string[] = [];
  for (const match of text.normalize('NFKC').toLowerCase().matchAll(RUN)) {
    if (match[1] === undefined) {
      terms.push(match[0]);
      continue;
    }
    for (const term of charactersAndPairs(match[1])) terms.push(term);
  }
  return terms;
}

/** Every character of a run, and after it the pair that it ends. */
export function* charactersAndPairs(run: string): Generator<string> {
  let before = '';
  for (const character of run) {
    yield character;
    if (before !== '') yield before + character;
    before = character;
  }
}
