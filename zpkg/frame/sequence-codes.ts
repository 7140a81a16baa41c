import { type FseTable, fixedTable } from './fse.ts';

/** One of the three alphabets of a sequence: what its codes stand for and which tables it may have. */
export interface SequenceAlphabet {
  readonly name: string;
  /** Number of codes. */
  readonly codes: number;
  /** Largest accuracy log of a table for it. */
  readonly largestLog: number;
  /** [codes] Value that a code starts from. */
  readonly baselines: Uint32Array;
  /** [codes] Bits that are added to it. */
  readonly extraBits: Uint8Array;
  /** The decoding table of the predefined distribution. */
  readonly predefinedTable: FseTable;
}

/** Extra bits of the literal length codes (RFC 8878, 3.1.1.3.2.1.1, table 16). */
const LITERAL_LENGTH_BITS = [...zeros(16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
/** Extra bits of the match length codes (RFC 8878, 3.1.1.3.2.1.1, table 17). */
const MATCH_LENGTH_BITS = [...zeros(32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
/** Code n of an offset stands for 2^n and n more bits (RFC 8878, 3.1.1.3.2.1.1). */
const OFFSET_BITS = Array.from({ length: 32 }, (_, code) => code);

/** Shortest match that a sequence can hold. */
export const SHORTEST_MATCH = 3;

/** Literal lengths; default distribution of RFC 8878, 3.1.1.3.2.2.1. */
export const literalLengthAlphabet: SequenceAlphabet = alphabet(
  'literal length',
  9,
  0,
  LITERAL_LENGTH_BITS,
  6,
  [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1],
);

/** Match lengths; default distribution of RFC 8878, 3.1.1.3.2.2.2. */
export const matchLengthAlphabet: SequenceAlphabet = alphabet(
  'match length',
  9,
  SHORTEST_MATCH,
  MATCH_LENGTH_BITS,
  6,
  [
    1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
  ],
);

/** Offset values (repeat codes 1 to 3, then distance + 3); default distribution of RFC 8878, 3.1.1.3.2.2.3. */
export const offsetAlphabet: SequenceAlphabet = alphabet(
  'offset',
  8,
  1,
  OFFSET_BITS,
  5,
  [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1],
);

/** The code whose range holds `value`. */
export function codeOf(alphabet: SequenceAlphabet, value: number): number {
  const { baselines } = alphabet;
  let low = 0;
  let high = alphabet.codes - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (baselines[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}

function alphabet(
  name: string,
  largestLog: number,
  first: number,
  bits: readonly number[],
  predefinedLog: number,
  predefined: readonly number[],
): SequenceAlphabet {
  const baselines = new Uint32Array(bits.length);
  let value = first;
  bits.forEach((width, code) => {
    baselines[code] = value;
    value += 2 ** width;
  });
  const predefinedTable = fixedTable(predefinedLog, predefined);
  return {
    name,
    codes: bits.length,
    largestLog,
    baselines,
    extraBits: Uint8Array.from(bits),
    predefinedTable,
  };
}
