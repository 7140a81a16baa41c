import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Vectors } from '../../encoders/index.ts';
import type { InnerProducts } from '../exact/inner-products.ts';

const PAGE_BYTES = 65_536;
const MAXIMUM_PAGES = 65_536;
/** Numbers of a register; vectors are padded with zeros to a multiple. */
const LANES = 4;
const NUMBER_BYTES = 4;

interface Kernel {
  innerProducts(query: number, queries: number, rows: number, count: number, bytes: number, products: number): void;
}

/** The kernel with its memory, which grows to the largest product so far: some 8 MiB for blocks of 4096 rows of 384 values. */
class KernelMemory {
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: MAXIMUM_PAGES });
  readonly kernel: Kernel;

  constructor() {
    const compiled = new WebAssembly.Module(readFileSync(new URL('./inner-products.wasm', import.meta.url)));
    this.kernel = new WebAssembly.Instance(compiled, { env: { memory: this.memory } }).exports as unknown as Kernel;
  }

  /** All of it, with room for so many numbers. */
  numbers(count: number): Float32Array {
    const missing = count * NUMBER_BYTES - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE_BYTES));
    return new Float32Array(this.memory.buffer);
  }
}

let shared: KernelMemory | undefined;

const roundedUp = (value: number, step: number): number => Math.ceil(value / step) * step;

/** By SIMD in one thread of this process, in single precision: needs no backend. The left side is the small one, a query's vectors. */
export const simdInnerProducts: InnerProducts = async (left, right) => {
  assert.equal(left.dimension, right.dimension);
  if (left.rows === 0 || right.rows === 0) return new Float32Array(0);
  shared ??= new KernelMemory();
  const dimension = roundedUp(left.dimension, LANES);
  const [queries, count] = [roundedUp(left.rows, 4), roundedUp(right.rows, 2)];
  const [rowsAt, productsAt] = [queries * dimension, (queries + count) * dimension];
  const numbers = shared.numbers(productsAt + queries * count);
  fill(numbers.subarray(0, rowsAt), left, dimension);
  fill(numbers.subarray(rowsAt, productsAt), right, dimension);
  shared.kernel.innerProducts(0, queries, rowsAt * NUMBER_BYTES, count, dimension * NUMBER_BYTES, productsAt * NUMBER_BYTES);
  const products = new Float32Array(left.rows * right.rows);
  for (let row = 0; row < left.rows; row++) {
    const start = productsAt + row * count;
    products.set(numbers.subarray(start, start + right.rows), row * right.rows);
  }
  return products;
};

/** Writes rows into [room, padded dimension]; what is behind them is 0. */
function fill(into: Float32Array, { data, rows, dimension }: Vectors, padded: number): void {
  if (padded === dimension) {
    into.set(data.subarray(0, rows * dimension));
    into.fill(0, rows * dimension);
    return;
  }
  into.fill(0);
  for (let row = 0; row < rows; row++) into.set(data.subarray(row * dimension, (row + 1) * dimension), row * padded);
}
