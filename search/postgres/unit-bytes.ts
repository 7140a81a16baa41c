import { ByteCursor, ByteList } from './posting-bytes.ts';

/** What is known of a unit (a passage that has terms) in the index. */
export interface Unit {
  /** A unit of its document, one for all of the document's: the document's number. */
  readonly owner: number;
  /** Its terms, each as often as it occurs. */
  readonly length: number;
}

/** Of a unit that is gone. */
const GONE = 0;
/** Its own owner; of one that has another, the distance to that more. Owners have smaller numbers. */
const OWN = 1;

/** Units of consecutive numbers as bytes; undefined: gone. */
export function encodeUnits(units: readonly (Unit | undefined)[], first: number): Uint8Array {
  const bytes = new ByteList();
  for (const [place, unit] of units.entries()) {
    if (unit === undefined) {
      bytes.addNumber(GONE);
      continue;
    }
    bytes.addNumber(OWN + (first + place - unit.owner));
    bytes.addNumber(unit.length);
  }
  return bytes.bytes.slice();
}

/** Calls with each number, its owner and its length, which is undefined where it is gone. */
export function eachUnit(
  bytes: Uint8Array,
  first: number,
  count: number,
  call: (number: number, owner: number, length: number | undefined) => void,
): void {
  const from = new ByteCursor(bytes);
  for (let number = first; number < first + count; number++) {
    const code = from.number();
    if (code === GONE) call(number, number, undefined);
    else call(number, number - (code - OWN), from.number());
  }
}
