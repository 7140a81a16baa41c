import type { ByteSpan } from '../../base/index.ts';
import type { Metadata } from './metadata.ts';

/** What the side file holds of one document. */
export interface DocumentRecord {
  readonly metadata: Metadata;
  /**
   * Where `Document.text` begins in the text that was packed, in bytes: behind the title and the space that follows it. Negative when the text began with so
   * many bytes of white space, which are not packed.
   */
  readonly textStart: number;
  /** Whether the document's own span is as long as its text, so that its chunks have spans of their own within it. */
  readonly exactSpan: boolean;
  /** Bytes of each chunk's content, of a document of several; empty otherwise. */
  readonly partLengths: readonly number[];
}

/** The record of a document of which nothing is known. */
export const EMPTY_RECORD: DocumentRecord = { metadata: {}, textStart: 0, exactSpan: false, partLengths: [] };

/** Whether anything is known of a document; how much white space its text began with is no reason for a file. */
export function saysSomething({ metadata }: DocumentRecord): boolean {
  return Object.keys(metadata).length > 0;
}

/**
 * The bytes of the source's text that a chunk, or a passage of it, holds.
 *
 * @param part of the document, from 0
 * @param contentBytes of a chunk that is a whole document; otherwise the record knows it
 * @param passage span of the chunk's content; by default all of it
 */
export function chunkSpan(record: DocumentRecord, part: number, contentBytes: number, passage?: ByteSpan): ByteSpan {
  const own = record.metadata.span;
  if (own !== undefined && !record.exactSpan) return own;
  let start = 0;
  for (let before = 0; before < part; before++) start += record.partLengths[before] ?? 0;
  const { start: first, end } = passage ?? { start: 0, end: record.partLengths[part] ?? contentBytes };
  const placeOf = (byte: number): number => (own?.start ?? 0) + Math.max(0, start + byte - record.textStart);
  return { start: placeOf(first), end: placeOf(end) };
}
