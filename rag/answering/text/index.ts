/** What stands in a text: sentences, tables, names, and the place of a quote. */
export { findQuote, type TextRange } from './find-quote.ts';
export { namesIn, wordsIn } from './names-in-text.ts';
export { openHeadings, type TableCell, type TextTable, tablesIn } from './tables-in-text.ts';
export { type Sentence, sentencesIn } from './text-sentences.ts';
