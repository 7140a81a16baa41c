import assert from 'node:assert/strict';
import { HASH_PRIMES } from '../hash-primes.ts';
import { KernelMemory } from '../kernels/kernel-memory.ts';

/** Byte ids start after BOE 0, BOS 1, EOS 2 and BPE 3 (BLT's vocabulary of 260). */
export const BYTE_ID_OFFSET = 4;
export const BYTE_VOCABULARY = 260;

/** Largest number of rows of a table: the kernel's remainders, and sums of two of them, have to be 32-bit integers. */
const MAXIMUM_ROWS = 2 ** 26;
/** The kernel has one bit of 32 for each size from 2 on. */
const LONGEST_SIZE = 33;
/** Positions that are hashed in one call of the kernel: their rows stay in the processor's cache until they are copied out. */
const POSITIONS_PER_CALL = 16_384;
/** Numbers of a segment: first position, position behind the last, place in the output. */
export const SEGMENT_NUMBERS = 3;

/** Memory of all hashing: what lies in it lasts for one call. */
let sharedMemory: KernelMemory | undefined;

/**
 * Rolling polynomial hash of the n-grams that end at a position: `h = sum_j id_j * prime^j` with j = 0 for the oldest id, in wrapping signed
 * 64-bit arithmetic, then floor modulo `rows`. Positions left of the text count as id 0.
 *
 * The definition is BigInt arithmetic; a kernel computes it in 64-bit integers, one size from the one below it:
 * `h_n = oldest id + prime * h_(n-1)`.
 */
export class NgramHash {
  readonly sizes: readonly number[];
  readonly rows: number;
  readonly longest: number;
  readonly #prime: bigint;
  /** Bit n - 2 is set for each size n. */
  readonly #wanted: number;

  /**
   * @param sizes ascending n-gram sizes, from 2 to 33
   * @param hashFunction number of the prime in `HASH_PRIMES`
   */
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
    assert(sizes.at(-1)! <= LONGEST_SIZE, `sizes must be at most ${LONGEST_SIZE}, got ${sizes.at(-1)}`);
    this.sizes = sizes;
    this.rows = rows;
    this.longest = sizes.at(-1)!;
    this.#prime = BigInt(prime);
    this.#wanted = sizes.reduce((bits, size) => bits | (1 << (size - 2)), 0);
  }

  /**
   * Rows of every n-gram size for the positions `from` to `to` (exclusive) of a sequence of ids.
   *
   * @param ids the sequence, each id below 2^16; what lies before its first element counts as zeros
   * @param output [positions, sizes], written from `outputOffset` on
   */
  hash(ids: ArrayLike<number>, from: number, to: number, output: Int32Array, outputOffset = 0): void {
    const width = this.sizes.length;
    for (let start = from; start < to; start += POSITIONS_PER_CALL) {
      const end = Math.min(to, start + POSITIONS_PER_CALL);
      // As much of the sequence as these positions reach back to.
      const first = Math.max(0, start - this.longest + 1);
      const rows = this.hashSegments(copyIds(ids, first, end), Int32Array.of(start - first, end - first, 0), end - start);
      output.set(rows, outputOffset + (start - from) * width);
    }
  }

  /**
   * Rows of every n-gram size in many stretches of one sequence, in one call of the kernel.
   *
   * @param ids the sequence; what lies before its first element counts as zeros
   * @param segments [segments, SEGMENT_NUMBERS]: first position in `ids`, position behind the last, place of the first in the output
   * @param positions places of the output
   * @returns [positions, sizes], valid until the next call; a place that no segment fills holds anything
   */
  hashSegments(ids: Uint16Array, segments: Int32Array, positions: number): Int32Array {
    sharedMemory ??= new KernelMemory();
    const memory = sharedMemory;
    memory.release();
    const width = this.sizes.length;
    const output = memory.temporary(Int32Array.BYTES_PER_ELEMENT * positions * width);
    memory.kernels.hashSegments(
      memory.placeBehindZeros(ids, this.longest),
      memory.place(segments),
      segments.length / SEGMENT_NUMBERS,
      this.#wanted,
      this.longest,
      width,
      this.#prime,
      this.rows,
      output,
    );
    return memory.integers(output, positions * width);
  }
}

function copyIds(ids: ArrayLike<number>, from: number, to: number): Uint16Array {
  if (ids instanceof Uint16Array) return ids.subarray(from, to);
  return Uint16Array.from({ length: to - from }, (_, i) => {
    const id = ids[from + i]!;
    assert(id >= 0 && id < 2 ** 16 && Number.isInteger(id), `an id must be an integer in 0..65535, got ${id} at ${from + i}`);
    return id;
  });
}
