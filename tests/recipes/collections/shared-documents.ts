import { wordsOf } from '../ingest/file-sequence.ts';

/** A document by its number. */
export function sharedDocument(number: number): { readonly source: string; readonly content: string } {
  return { source: `${number}.txt`, content: `Beacon ${number}. ${wordsOf(number % 6, number, number % 5)}` };
}
