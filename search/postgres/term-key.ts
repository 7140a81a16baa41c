import { createHash } from 'node:crypto';
import { isStorable } from '../storable-text.ts';

/** No character: what begins with it is the digest of a term. */
const DIGEST = '\uffff';
/** Bytes of a key; a B-tree takes 2,704. */
const LONGEST_KEY = 512;

/** A term as the database has it: itself, or its digest where it is empty, too long for a key, or no text of PostgreSQL's. */
export function termKey(term: string): string {
  // A UTF-16 unit has three bytes at most.
  const short = term.length <= LONGEST_KEY / 3 || Buffer.byteLength(term) <= LONGEST_KEY;
  if (term !== '' && short && isStorable(term) && !term.startsWith(DIGEST)) return term;
  return `${DIGEST}${createHash('sha256').update(term, 'utf16le').digest('hex')}`;
}
