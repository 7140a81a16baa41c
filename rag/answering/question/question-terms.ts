import { openAnalyzer } from '../../../search/lexical/index.ts';

/** Cuts a text into the words that search counts: stems, Chinese characters and pairs, without function words. */
export type Terms = (text: string) => readonly string[];

let opened: Promise<Terms> | undefined;

/** The package's own analyzer of words, opened once. */
export function openTerms(): Promise<Terms> {
  opened ??= openAnalyzer({ kind: 'words' }).then(({ terms }) => terms);
  return opened;
}
