import assert from 'node:assert/strict';

/**
 * Hash functions of BLT's n-gram embeddings, one prime each.
 * Source: facebookresearch/blt, `bytelatent/data/patcher` and transformers' `modeling_blt` (both agree).
 */
export const HASH_PRIMES: readonly number[] = [
  1000000007, 5915587277, 1500450271, 3267000013, 5754853343, 4093082899, 9576890767, 3628273133, 2860486313, 5463458053,
  3367900313,
];

/** Byte ids start after BOE 0, BOS 1, EOS 2 and BPE 3 (BLT's vocabulary of 260). */
export const BYTE_ID_OFFSET = 4;
export const BYTE_VOCABULARY = 260;

/** Beyond it the remainder below would leave the 53 bits that a double holds exactly. */
const MAXIMUM_ROWS = 2 ** 26;
const TWO_32 = 2 ** 32;

/**
 * Rolling polynomial hash of the n-grams that end at a position: `h = sum_j id_j * prime^j` with j = 0 for the oldest id, in wrapping signed
 * 64-bit arithmetic, then floor modulo `rows`. Positions left of the text count as id 0.
 *
 * The definition is BigInt arithmetic; here a 64-bit number is two 32-bit halves, and one size follows from the one below it:
 * `h_n = oldest id + prime * h_(n-1)`.
 */
export class NgramHash {
  readonly sizes: readonly number[];
  readonly rows: number;
  readonly longest: number;
  readonly #primeLow: number;
  readonly #primeHigh: number;
  /** [longest + 1]: which output column an n-gram size has, -1 for none. */
  readonly #column: Int32Array;

  /** @param sizes ascending n-gram sizes, each at least 2 */
  constructor(sizes: readonly number[], rows: number, hashFunction = 0) {
    const prime = HASH_PRIMES[hashFunction];
    assert(prime !== undefined, `there are ${HASH_PRIMES.length} hash functions, got number ${hashFunction}`);
    assert(
      rows > 0 && rows <= MAXIMUM_ROWS && Number.isInteger(rows),
      `rows must be an integer in 1..${MAXIMUM_ROWS}, got ${rows}`,
    );
    assert(
      sizes.length > 0 && sizes.every((size, i) => Number.isInteger(size) && size >= 2 && size > (sizes[i - 1] ?? 1)),
      'sizes must ascend from 2',
    );
    this.sizes = sizes;
    this.rows = rows;
    this.longest = sizes.at(-1)!;
    this.#primeLow = (prime % TWO_32) | 0;
    this.#primeHigh = Math.floor(prime / TWO_32);
    this.#column = new Int32Array(this.longest + 1).fill(-1);
    sizes.forEach((size, i) => {
      this.#column[size] = i;
    });
  }

  /**
   * Rows of every n-gram size for the positions `from` to `to` (exclusive) of a sequence of ids.
   *
   * @param ids the sequence; what lies before its first element counts as zeros
   * @param output [positions, sizes], written from `outputOffset` on
   */
  hash(ids: ArrayLike<number>, from: number, to: number, output: Int32Array, outputOffset = 0): void {
    const rows = this.rows;
    const inverse = 1 / rows;
    const wrap = TWO_32 % rows;
    const primeLow = this.#primeLow;
    const primeHigh = this.#primeHigh;
    const primeLow0 = primeLow & 0xffff;
    const primeLow1 = primeLow >>> 16;
    const column = this.#column;
    const width = this.sizes.length;
    let row = outputOffset;
    for (let position = from; position < to; position++, row += width) {
      let low = ids[position]! | 0;
      let high = 0;
      for (let size = 2; size <= this.longest; size++) {
        // (high, low) * prime, modulo 2^64, by 16-bit digits of the low halves.
        const low0 = low & 0xffff;
        const low1 = low >>> 16;
        const p00 = Math.imul(low0, primeLow0) >>> 0;
        const p01 = Math.imul(low0, primeLow1) >>> 0;
        const p10 = Math.imul(low1, primeLow0) >>> 0;
        const middle = (p00 >>> 16) + (p01 & 0xffff) + (p10 & 0xffff);
        const carry = (Math.imul(low1, primeLow1) + (p01 >>> 16) + (p10 >>> 16) + (middle >>> 16)) | 0;
        high = (carry + Math.imul(high, primeLow) + Math.imul(low, primeHigh)) | 0;
        low = Math.imul(low, primeLow);
        // + the oldest id of the window
        const oldest = position - size + 1;
        if (oldest >= 0) {
          const sum = (low >>> 0) + ids[oldest]!;
          if (sum >= TWO_32) high = (high + 1) | 0;
          low = sum | 0;
        }
        const target = column[size]!;
        if (target >= 0) {
          // floor modulo of the signed number high * 2^32 + low
          let remainder = high % rows;
          if (remainder < 0) remainder += rows;
          const value = remainder * wrap + (low >>> 0);
          let result = value - Math.floor(value * inverse) * rows;
          if (result < 0) result += rows;
          else if (result >= rows) result -= rows;
          output[row + target] = result;
        }
      }
    }
  }
}
