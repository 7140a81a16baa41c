/** Citations that hold: each quote is found in the unit that it names, and numbered in the text. */
export {
  byteSpan,
  type CheckedCitation,
  CitationChecker,
  CitationNumbers,
  type ProposedCitation,
  passageRange,
  shareOf,
} from './citations.ts';
export { MarkedText } from './marked-text.ts';
