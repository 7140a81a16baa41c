import type { ByteSpan } from '../../base/index.ts';

/** A value of JSON. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Pages of a source, counted from 1, both ends included. */
export interface PageRange {
  readonly first: number;
  readonly last: number;
}

/**
 * What is known of a document, or of one chunk of it, beside its text. Nothing here is embedded: encoders read `Document.title` and `Document.text`.
 * METADATA.md says how it is stored.
 */
export interface Metadata {
  /** What a person calls the document: `Document.title` unless something else is given. */
  readonly title?: string;
  /** Where it came from: a path relative to the corpus with `/`, or a URL. */
  readonly source?: string;
  readonly pages?: PageRange;
  /** Headings above the text, outermost first. */
  readonly headings?: readonly string[];
  /**
   * Of a document: the bytes of its source's text that it is, when it is a part of a larger one. Of a chunk: the bytes of the source's text that the chunk
   * holds, where the source's text is `Document.text` when the document names no span of its own. A title is no part of a text: a chunk that begins with it
   * has the span of what follows it, which is empty when nothing does.
   */
  readonly span?: ByteSpan;
  /** BCP 47, as the source says; never guessed. */
  readonly language?: string;
  /** Labels of access. An empty list is kept apart from none. */
  readonly labels?: readonly string[];
  /** Whatever else the source has. */
  readonly fields?: Readonly<Record<string, JsonValue>>;
}
