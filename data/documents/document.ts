import type { Metadata } from '../metadata/metadata.ts';

/** One document of a corpus. */
export interface Document {
  readonly id: string;
  /** Empty when it has none. */
  readonly title: string;
  readonly text: string;
  /** What else is known of it; nothing of it is embedded. */
  readonly metadata?: Metadata;
  /** Where it was read, for messages: `corpus.jsonl:12`. */
  readonly origin?: string;
}

/** What is packed, embedded and searched of a document: BEIR's joint of title and text. */
export function documentText(document: Document): string {
  return `${document.title} ${document.text}`.trim();
}

/** Whether a document has no text to be found by: white space, control and format characters at most. */
export function isEmptyDocument(document: Document): boolean {
  return !/[^\s\p{Cc}\p{Cf}]/u.test(documentText(document));
}
