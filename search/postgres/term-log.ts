import type { TermCounts } from '../../base/index.ts';
import { addPostings, ByteCursor, ByteList } from './posting-bytes.ts';
import { termKey } from './term-key.ts';

/** The terms of units that were written together, before they are merged with those of others: each term's key and postings, in no order. */
export interface TermLog {
  readonly bytes: Uint8Array;
  /** Terms of all units, each once a unit. */
  readonly postings: number;
}

/** @param units their terms, by ascending number */
export function encodeLog(units: readonly { readonly number: number; readonly terms: TermCounts }[]): TermLog {
  const lists = new Map<string, { readonly units: number[]; readonly counts: number[] }>();
  let postings = 0;
  for (const { number, terms } of units) {
    postings += terms.terms.length;
    terms.terms.forEach((term, place) => {
      let list = lists.get(term);
      if (list === undefined) {
        list = { units: [], counts: [] };
        lists.set(term, list);
      }
      list.units.push(number);
      list.counts.push(terms.counts[place]!);
    });
  }
  const [bytes, list] = [new ByteList(), new ByteList()];
  for (const [term, { units: numbers, counts }] of lists) {
    const key = Buffer.from(termKey(term));
    bytes.addNumber(key.length);
    bytes.addBytes(key);
    list.clear();
    addPostings(list, numbers, counts);
    bytes.addNumber(list.length);
    bytes.addBytes(list.bytes);
  }
  return { bytes: bytes.bytes.slice(), postings };
}

/** Calls with each term's key and its postings. */
export function eachLogged(log: Uint8Array, call: (key: string, postings: Uint8Array) => void): void {
  const from = new ByteCursor(log);
  while (!from.atEnd) {
    const key = Buffer.from(from.slice(from.number())).toString('utf8');
    call(key, from.slice(from.number()));
  }
}
