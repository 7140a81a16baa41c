import assert from 'node:assert/strict';
import { fromHalf, toHalf } from '../../base/index.ts';
import { quantiseRow, readRow } from '../codes/index.ts';

/**
 * How vectors are kept in memory: as they come; as IEEE 754 binary16 (half the memory); or as 8-bit integers with one scale a row (a quarter).
 * What is lost is measured in bench/RESULTS.md.
 */
export const VECTOR_STORAGES = ['float32', 'float16', 'int8'] as const;
export type VectorStorage = (typeof VECTOR_STORAGES)[number];

const ARRAYS = { float32: Float32Array, float16: Uint16Array, int8: Int8Array } as const;
type StoredValues = Float32Array | Uint16Array | Int8Array;

let halfValues: Float32Array | undefined;
/** [65536]: the number of every binary16 pattern. */
function halfTable(): Float32Array {
  halfValues ??= Float32Array.from({ length: 2 ** 16 }, (_, half) => fromHalf(half));
  return halfValues;
}

/** Rows of vectors in one storage form, up to a capacity, in memory that grows with them. */
export class VectorBlock {
  readonly #dimension: number;
  readonly #storage: VectorStorage;
  readonly #capacity: number;
  /** [room, dimension] */
  #values: StoredValues;
  /** [room]: what a row's integers are multiplied by; empty for the other forms */
  #scales: Float32Array;
  #rows = 0;

  /**
   * @param capacity rows it takes at most
   * @param room rows it has memory for at first; it doubles when they are full
   */
  constructor(dimension: number, storage: VectorStorage, capacity: number, room = capacity) {
    this.#dimension = dimension;
    this.#storage = storage;
    this.#capacity = capacity;
    this.#values = new ARRAYS[storage](room * dimension);
    this.#scales = new Float32Array(storage === 'int8' ? room : 0);
  }

  get rows(): number {
    return this.#rows;
  }

  get isFull(): boolean {
    return this.#rows === this.#capacity;
  }

  /** Adds a row: [dimension] finite values. */
  append(vector: Float32Array): void {
    assert.ok(!this.isFull);
    const room = this.#values.length / this.#dimension;
    if (this.#rows === room) this.#grow(Math.min(this.#capacity, 2 * room));
    this.write(this.#rows++, vector);
  }

  /** Overwrites a row. */
  write(row: number, vector: Float32Array): void {
    assert.equal(vector.length, this.#dimension);
    const start = row * this.#dimension;
    const values = this.#values;
    switch (this.#storage) {
      case 'float32':
        values.set(vector, start);
        return;
      case 'float16':
        for (let index = 0; index < vector.length; index++) values[start + index] = toHalf(vector[index]!);
        return;
      case 'int8':
        this.#scales[row] = quantiseRow(vector, this.#integers(row));
    }
  }

  /**
   * All rows as numbers, [rows, dimension].
   *
   * @param scratch [capacity, dimension]: where they are put unless they are kept as numbers
   */
  read(scratch: Float32Array): Float32Array {
    const values = this.#values;
    const count = this.#rows * this.#dimension;
    if (values instanceof Float32Array) return values.subarray(0, count);
    if (values instanceof Uint16Array) {
      const table = halfTable();
      for (let index = 0; index < count; index++) scratch[index] = table[values[index]!]!;
    } else {
      for (let row = 0; row < this.#rows; row++) readRow(this.#integers(row), this.#scales[row]!, scratch, row * this.#dimension);
    }
    return scratch.subarray(0, count);
  }

  /** A row's integers, [dimension], where they lie. */
  #integers(row: number): Int8Array {
    assert.ok(this.#values instanceof Int8Array);
    return this.#values.subarray(row * this.#dimension, (row + 1) * this.#dimension);
  }

  #grow(room: number): void {
    const values = new ARRAYS[this.#storage](room * this.#dimension);
    values.set(this.#values);
    this.#values = values;
    if (this.#storage !== 'int8') return;
    const scales = new Float32Array(room);
    scales.set(this.#scales);
    this.#scales = scales;
  }
}
