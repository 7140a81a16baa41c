import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { SymbolBatch } from '../symbol-batch.ts';
import type { AdamStep, RowGradient, RowKernels, SlotAssignment } from './row-kernels.ts';

/** What `row-kernels.wasm` exports; every argument is an address or a count (see assembly/row-kernels.ts). */
interface Exports {
  sumRows(table: number, rows: number, starts: number, places: number, symbols: number, dimension: number, output: number): void;
  scaleByLength(values: number, starts: number, places: number, symbols: number, dimension: number): void;
  scatterRows(
    values: number,
    slots: number,
    starts: number,
    places: number,
    symbols: number,
    dimension: number,
    gradient: number,
  ): void;
  sumOfSquares(values: number, count: number): number;
  adamRows(
    weights: number,
    first: number,
    second: number,
    rows: number,
    gradients: number,
    touched: number,
    dimension: number,
    rate: number,
    beta1: number,
    beta2: number,
    secondCorrection: number,
    epsilon: number,
    scale: number,
  ): void;
}

const PAGE_BYTES = 65_536;
const MAXIMUM_PAGES = 65_536;
/** Addresses are multiples of a cache line. */
const ALIGNMENT = 64;

let compiled: WebAssembly.Module | undefined;

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/**
 * The row kernels with SIMD. Tables and moments live in one WebAssembly memory; batches are copied in beside them. The memory is shared, so that growing it leaves the
 * arrays valid that lie in it.
 */
export class SimdRowKernels implements RowKernels {
  readonly name = 'simd';
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: Exports;
  /** Where lasting allocations end; temporary ones lie behind and are forgotten by the next `embed` or `accumulate`. */
  #lastingEnd = ALIGNMENT;
  #temporaryEnd = ALIGNMENT;

  constructor() {
    compiled ??= new WebAssembly.Module(readFileSync(new URL('./row-kernels.wasm', import.meta.url)));
    this.#memory = new WebAssembly.Memory({ initial: 1, maximum: MAXIMUM_PAGES, shared: true });
    this.#kernels = new WebAssembly.Instance(compiled, { env: { memory: this.#memory } }).exports as unknown as Exports;
  }

  /** Whether lasting allocations of this many bytes leave room for batches (a quarter of the memory). */
  static fits(bytes: number): boolean {
    return bytes <= 0.75 * MAXIMUM_PAGES * PAGE_BYTES;
  }

  allocate(length: number): Float32Array {
    const address = this.#lastingEnd;
    this.#lastingEnd = address + aligned(4 * length);
    this.#temporaryEnd = this.#lastingEnd;
    this.#reserve(this.#lastingEnd);
    return this.#floats(address, length);
  }

  embed(tables: readonly Float32Array[], batch: SymbolBatch, dimension: number): Float32Array {
    this.#temporaryEnd = this.#lastingEnd;
    const starts = this.#place(batch.starts);
    const places = this.#place(batch.places);
    const length = batch.size * batch.symbols * dimension;
    const output = this.#temporary(4 * length);
    const values = this.#floats(output, length).fill(0);
    const symbols = batch.places.length;
    tables.forEach((table, number) => {
      this.#kernels.sumRows(table.byteOffset, this.#place(batch.rows[number]!), starts, places, symbols, dimension, output);
    });
    this.#kernels.scaleByLength(output, starts, places, symbols, dimension);
    // A copy: backends do not take arrays over shared memory, and the next batch will lie here.
    return new Float32Array(values);
  }

  accumulate(
    batches: readonly SymbolBatch[],
    gradients: readonly Float32Array[],
    assignments: readonly SlotAssignment[],
    dimension: number,
  ): { tables: RowGradient[]; sumOfSquares: number } {
    this.#temporaryEnd = this.#lastingEnd;
    const placed = batches.map((batch, index) => {
      const [starts, places, gradient] = [this.#place(batch.starts), this.#place(batch.places), this.#place(gradients[index]!)];
      const symbols = batch.places.length;
      this.#kernels.scaleByLength(gradient, starts, places, symbols, dimension);
      return { starts, places, gradient, symbols };
    });
    let sumOfSquares = 0;
    const tables = assignments.map(({ rows, slots }) => {
      const length = rows.length * dimension;
      const address = this.#temporary(4 * length);
      const values = this.#floats(address, length).fill(0);
      placed.forEach(({ starts, places, gradient, symbols }, index) => {
        this.#kernels.scatterRows(address, this.#place(slots[index]!), starts, places, symbols, dimension, gradient);
      });
      sumOfSquares += this.#kernels.sumOfSquares(address, length);
      return { rows, values };
    });
    return { tables, sumOfSquares };
  }

  adam(
    weights: Float32Array,
    first: Float32Array,
    second: Float32Array,
    gradient: RowGradient,
    dimension: number,
    step: AdamStep,
  ): void {
    const { rate, beta1, beta2, secondCorrection, epsilon, scale } = step;
    this.#kernels.adamRows(
      weights.byteOffset,
      first.byteOffset,
      second.byteOffset,
      this.#place(gradient.rows),
      gradient.values.byteOffset,
      gradient.rows.length,
      dimension,
      rate,
      beta1,
      beta2,
      secondCorrection,
      epsilon,
      scale,
    );
  }

  #floats(address: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length);
  }

  /** Address of a temporary region. */
  #temporary(bytes: number): number {
    const address = this.#temporaryEnd;
    this.#temporaryEnd = address + aligned(bytes);
    this.#reserve(this.#temporaryEnd);
    return address;
  }

  /** Copies an array in; its address. */
  #place(array: Int32Array | Float32Array): number {
    const address = this.#temporary(array.byteLength);
    new Uint8Array(this.#memory.buffer, address, array.byteLength).set(
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    );
    return address;
  }

  #reserve(end: number): void {
    const missing = Math.ceil(end / PAGE_BYTES) - this.#memory.buffer.byteLength / PAGE_BYTES;
    if (missing <= 0) return;
    assert(
      end <= MAXIMUM_PAGES * PAGE_BYTES,
      `a batch does not fit beside the tables: ${end} bytes are asked for, a WebAssembly memory has ${MAXIMUM_PAGES * PAGE_BYTES}`,
    );
    this.#memory.grow(missing);
  }
}
