import { CemError } from '../../base/index.ts';
import { checkMetadata } from '../metadata/check-metadata.ts';
import type { DocumentRecord } from '../metadata/document-record.ts';
import { type Document, documentText } from './document.ts';

/**
 * A document whose metadata, which a program may have made, is what `Metadata` says.
 *
 * @throws CemError `DATA_FIELD`
 */
export function checkedDocument(document: Document): Document {
  const { metadata, ...others } = document;
  if (metadata === undefined) return document;
  return {
    ...others,
    metadata: checkMetadata({ ...metadata }, (key, wrong) => {
      const place = document.origin ?? `the document ${JSON.stringify(document.id)}`;
      return new CemError('DATA_FIELD', `${place} has metadata of which "${key}" ${wrong}`, {
        details: { id: document.id, field: key },
      });
    }),
  };
}

/** The record of a document before it is packed. */
export function recordOf(document: Document): DocumentRecord {
  const title = document.metadata?.title ?? document.title.trim();
  const metadata = { ...(title !== '' && { title }), ...document.metadata };
  const { span } = metadata;
  const exactSpan = span !== undefined && span.end - span.start === Buffer.byteLength(document.text);
  return { metadata, textStart: textStartOf(document), exactSpan, partLengths: [] };
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

/** As `documentText` joins and trims. */
function textStartOf({ title, text }: Document): number {
  const joined = `${title} ${text}`;
  const trimmed = joined.length - joined.trimStart().length;
  if (trimmed <= title.length) return Buffer.byteLength(title.slice(trimmed)) + 1;
  return -Buffer.byteLength(text.slice(0, trimmed - title.length - 1));
}
