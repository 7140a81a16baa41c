import assert from 'node:assert/strict';
import { CemError } from '../base/index.ts';

const FIRST_SURROGATE = 0xd800;
const AFTER_SURROGATES = 0xe000;

/** UTF-16 orders surrogate pairs (U+10000 and above) before U+E000..U+FFFF; code points, and so UTF-8 bytes, the other way round. */
function codePointOrder(unit: number): number {
  if (unit < FIRST_SURROGATE) return unit;
  return unit < AFTER_SURROGATES ? unit + 0x2000 : unit - 0x800;
}

/** Orders ids as their UTF-8 bytes (C's strcmp), ascending: negative, zero or positive. Well-formed strings are assumed. */
export function compareIds(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = codePointOrder(left.charCodeAt(index)) - codePointOrder(right.charCodeAt(index));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** trec_eval's ranking, best first: score descending, ties by id descending as UTF-8 bytes. */
export function compareRanked(left: RankedDocument, right: RankedDocument): number {
  return right.score - left.score || compareIds(right.document, left.document);
}

export interface RankedDocument {
  readonly document: string;
  readonly score: number;
}

/**
 * Where each id stands in ascending order, so that ties between documents are broken by comparing two integers.
 *
 * @returns [ids.length]
 * @throws CemError `SEARCH_DUPLICATE_ID` when an id is there twice
 */
export function idOrder(ids: readonly string[]): Int32Array {
  const sorted = Int32Array.from(ids.keys()).sort((left, right) => compareIds(ids[left]!, ids[right]!));
  const order = new Int32Array(ids.length);
  for (let place = 0; place < sorted.length; place++) {
    const index = sorted[place]!;
    const before = place > 0 ? ids[sorted[place - 1]!] : undefined;
    if (before === ids[index]) {
      throw new CemError('SEARCH_DUPLICATE_ID', `document id ${JSON.stringify(before)} is there twice; ids must be unique`, {
        details: { id: before },
      });
    }
    order[index] = place;
  }
  return order;
}

/** How many results are asked for: a broken invariant when it is not a whole number of at least 1. */
export function assertResultCount(k: number): void {
  assert.ok(Number.isInteger(k) && k >= 1, `k must be a whole number of at least 1, got ${k}`);
}
