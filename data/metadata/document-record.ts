import { type Document, documentText } from '../documents/document.ts';
import type { ByteSpan, Metadata } from './metadata.ts';

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

/** Of a document of which nothing is known. */
export const EMPTY_RECORD: DocumentRecord = { metadata: {}, textStart: 0, exactSpan: false, partLengths: [] };

/** The record of a document before it is packed. */
export function recordOf(document: Document): DocumentRecord {
  const title = document.metadata?.title ?? document.title.trim();
  const metadata = { ...(title !== '' && { title }), ...document.metadata };
  const { span } = metadata;
  const exactSpan = span !== undefined && span.end - span.start === Buffer.byteLength(document.text);
  return { metadata, textStart: textStartOf(document), exactSpan, partLengths: [] };
}

/** Whether a record says anything that the container and its mapping do not. */
export function saysSomething({ metadata, textStart }: DocumentRecord): boolean {
  return textStart !== 0 || Object.keys(metadata).length > 0;
}

/**
 * The document that a record and a packed text came from, up to white space at the ends of its text. Packed again it gives the same text and the same record.
 */
export function unpackedDocument(id: string, packed: string, { metadata, textStart, exactSpan }: DocumentRecord): Document {
  const bytes = Buffer.from(packed);
  const title = textStart > 0 ? bytes.toString('utf8', 0, textStart - 1) : '';
  const text = ' '.repeat(Math.max(0, -textStart)) + bytes.toString('utf8', Math.max(0, textStart));
  const missing = exactSpan && metadata.span ? metadata.span.end - metadata.span.start - Buffer.byteLength(text) : 0;
  const known = { ...(Object.keys(metadata).length > 0 && { metadata }) };
  const document = { id, title, text: text + ' '.repeat(Math.max(0, missing)), ...known };
  return documentText(document) === packed ? document : { id, title: '', text: packed, ...known };
}

/**
 * The bytes of the source's text that a chunk holds.
 *
 * @param part of the document, from 0
 * @param contentBytes of a chunk that is a whole document; otherwise the record knows it
 */
export function chunkSpan(record: DocumentRecord, part: number, contentBytes: number): ByteSpan {
  const own = record.metadata.span;
  if (own !== undefined && !record.exactSpan) return own;
  let start = 0;
  for (let before = 0; before < part; before++) start += record.partLengths[before] ?? 0;
  const end = start + (record.partLengths[part] ?? contentBytes);
  const base = own?.start ?? 0;
  return { start: base + Math.max(0, start - record.textStart), end: base + Math.max(0, end - record.textStart) };
}

/** As `documentText` joins and trims. */
function textStartOf({ title, text }: Document): number {
  const joined = `${title} ${text}`;
  const trimmed = joined.length - joined.trimStart().length;
  if (trimmed <= title.length) return Buffer.byteLength(title.slice(trimmed)) + 1;
  return -Buffer.byteLength(text.slice(0, trimmed - title.length - 1));
}
