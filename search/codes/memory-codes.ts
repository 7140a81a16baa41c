import assert from 'node:assert/strict';
import { TopK } from '../top-k.ts';
import { codeBytes, queryTables } from './binary-code.ts';
import { CodeMemory, SCANNED_ROWS } from './code-memory.ts';

const FIRST_ROWS = 64;
/** Removed rows are passed over until they are so large a part of all; then the others move together. */
const REMOVED_PART = 1 / 4;
const BYTES_PER_KEY = 8;

/** Memory that so many codes take, in bytes: the code and the key of each. */
export const memoryCodesBytes = (rows: number, dimension: number): number => rows * (codeBytes(dimension) + BYTES_PER_KEY);

/**
 * Binary codes in this process's memory, each under a number that is its key, searched exhaustively: 56 bytes a row of 384 values, 5 ms for a million of them. Rows come in
 * the order of their keys.
 */
export class MemoryCodes {
  readonly dimension: number;
  readonly #codes: CodeMemory;
  /** [room]: ascending */
  #keys = new Float64Array(FIRST_ROWS);
  /** Rows in use or removed. */
  #rows = 0;
  readonly #removed = new Set<number>();

  constructor(dimension: number) {
    this.dimension = dimension;
    this.#codes = new CodeMemory(codeBytes(dimension));
  }

  /** Rows that can be found. */
  get size(): number {
    return this.#rows - this.#removed.size;
  }

  /** The largest key that it has had; undefined where it has had none. */
  get lastKey(): number | undefined {
    return this.#rows === 0 ? undefined : this.#keys[this.#rows - 1];
  }

  /** Bytes that codes and keys take now. */
  get bytes(): number {
    return this.#codes.size + this.#keys.byteLength;
  }

  /**
   * Adds a row, whose key is larger than all before it.
   *
   * @param code that of `binaryCode`
   * @throws CemError `CODES_MEMORY`
   */
  add(key: number, code: Uint8Array): void {
    const { lastKey } = this;
    assert.ok(lastKey === undefined || key > lastKey, `key ${key} after ${lastKey}`);
    this.#codes.reserve(this.#rows + 1);
    if (this.#rows === this.#keys.length) {
      const keys = new Float64Array(2 * this.#rows);
      keys.set(this.#keys);
      this.#keys = keys;
    }
    this.#codes.write(this.#rows, code);
    this.#keys[this.#rows++] = key;
  }

  /** Puts another code under a key that is there; whether it was. */
  replace(key: number, code: Uint8Array): boolean {
    const row = this.#rowOf(key);
    if (row === undefined) return false;
    this.#codes.write(row, code);
    return true;
  }

  /** Takes a row out; whether it was there. */
  remove(key: number): boolean {
    const row = this.#rowOf(key);
    if (row === undefined) return false;
    this.#removed.add(row);
    if (this.#removed.size > this.#rows * REMOVED_PART) this.#compact();
    return true;
  }

  /**
   * Keys of the n rows that are nearest to a query by their codes, best first; of equal ones the lower key.
   *
   * @param query [dimension], not all zeros
   * @param passes which keys may be found; all unless given
   */
  scan(query: Float32Array, n: number, passes?: (key: number) => boolean): number[] {
    assert.equal(query.length, this.dimension);
    this.#codes.setQuery(queryTables(query));
    const best = new TopK(Math.min(n, this.size), { compareTies: (left, right) => right - left });
    for (let first = 0; first < this.#rows; first += SCANNED_ROWS) {
      const bar = Math.max(best.bar, 0);
      // None is left that could come in: the bar of no places is infinite.
      if (bar === Number.POSITIVE_INFINITY) break;
      const { count, places, scores } = this.#codes.scan(first, Math.min(SCANNED_ROWS, this.#rows - first), bar);
      for (let index = 0; index < count; index++) {
        const row = first + places[index]!;
        const score = scores[index]!;
        if (score < best.bar || this.#removed.has(row) || passes?.(this.#keys[row]!) === false) continue;
        best.push(row, score);
      }
    }
    return best.sorted().map(({ item }) => this.#keys[item]!);
  }

  #rowOf(key: number): number | undefined {
    let [first, last] = [0, this.#rows];
    while (first < last) {
      const middle = (first + last) >> 1;
      if (this.#keys[middle]! < key) first = middle + 1;
      else last = middle;
    }
    return first < this.#rows && this.#keys[first] === key && !this.#removed.has(first) ? first : undefined;
  }

  #compact(): void {
    let kept = 0;
    for (let row = 0; row < this.#rows; row++) {
      if (this.#removed.has(row)) continue;
      if (kept < row) {
        this.#codes.write(kept, this.#codes.read(row));
        this.#keys[kept] = this.#keys[row]!;
      }
      kept++;
    }
    this.#rows = kept;
    this.#removed.clear();
  }
}
