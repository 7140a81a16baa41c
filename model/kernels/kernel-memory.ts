import { readFileSync } from 'node:fs';
import { CemError } from '../../base/index.ts';
import { MemoryViews } from './memory-views.ts';

/** What `row-kernels.wasm` exports; arguments are addresses, counts and plain numbers (see assembly/). */
export interface KernelExports {
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
  ): number;
  adagradRows(
    weights: number,
    sums: number,
    rows: number,
    gradients: number,
    touched: number,
    dimension: number,
    rate: number,
    epsilon: number,
    scale: number,
  ): number;
  hashSegments(
    ids: number,
    segments: number,
    count: number,
    wanted: number,
    longest: number,
    width: number,
    prime: bigint,
    rows: number,
    output: number,
  ): void;
}

const PAGE_BYTES = 65_536;
const MAXIMUM_PAGES = 65_536;
/** What lasting regions may take of a memory, so that a quarter of it is left for batches. */
export const LARGEST_LASTING_BYTES = 0.75 * MAXIMUM_PAGES * PAGE_BYTES;
/** Addresses are multiples of a cache line. */
const ALIGNMENT = 64;

let compiled: WebAssembly.Module | undefined;

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/**
 * A WebAssembly memory of at most 4 GiB with the kernels over it. Lasting regions stand at its start; temporary ones lie behind them, one on the other, and are given back together.
 * The memory is shared, so that growing it leaves the arrays valid that lie in it.
 */
export class KernelMemory extends MemoryViews {
  readonly kernels: KernelExports;
  #lastingEnd = ALIGNMENT;
  #temporaryEnd = ALIGNMENT;
  /** Behind it nothing was ever written. */
  #cleanFrom = ALIGNMENT;

  constructor() {
    super(new WebAssembly.Memory({ initial: 1, maximum: MAXIMUM_PAGES, shared: true }));
    compiled ??= new WebAssembly.Module(readFileSync(new URL('./rows/row-kernels.wasm', import.meta.url)));
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory: this.memory } });
    this.kernels = exports as unknown as KernelExports;
  }

  /** What another thread needs to run the kernels over this memory. */
  get shared(): { readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory } {
    return { module: compiled!, memory: this.memory };
  }

  /** A lasting array of zeros; what was temporary is forgotten. */
  allocate(length: number): Float32Array {
    const address = this.#lastingEnd;
    const dirty = address < this.#cleanFrom;
    this.#reserve(address + aligned(4 * length));
    this.#lastingEnd = address + aligned(4 * length);
    this.#temporaryEnd = this.#lastingEnd;
    const values = this.floats(address, length);
    return dirty ? values.fill(0) : values;
  }

  /** Where temporary regions end now: for `release`. */
  get mark(): number {
    return this.#temporaryEnd;
  }

  /** Gives back the temporary regions behind a mark; all of them without one. */
  release(mark = this.#lastingEnd): void {
    this.#temporaryEnd = mark;
  }

  /**
   * Address of a temporary region; what it holds is left over from before.
   *
   * @throws CemError `KERNEL_MEMORY_FULL`
   */
  temporary(bytes: number): number {
    const address = this.#temporaryEnd;
    this.#reserve(address + aligned(bytes));
    this.#temporaryEnd = address + aligned(bytes);
    return address;
  }

  /** Copies an array into a temporary region; its address. */
  place(array: Int32Array | Float32Array): number {
    const address = this.temporary(array.byteLength);
    new Uint8Array(this.memory.buffer, address, array.byteLength).set(
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    );
    return address;
  }

  /** Copies ids into a temporary region with zeros before them; address of the first id. */
  placeBehindZeros(ids: Uint16Array, zeros: number): number {
    const address = this.temporary(ids.byteLength + zeros * ids.BYTES_PER_ELEMENT);
    const placed = new Uint16Array(this.memory.buffer, address, zeros + ids.length);
    placed.fill(0, 0, zeros);
    placed.set(ids, zeros);
    return address + zeros * ids.BYTES_PER_ELEMENT;
  }

  #reserve(end: number): void {
    const maximum = MAXIMUM_PAGES * PAGE_BYTES;
    const details = { bytes: end, maximum };
    if (end > maximum) {
      throw new CemError(
        'KERNEL_MEMORY_FULL',
        `a batch needs ${end} bytes of kernel memory, tables beside it included, and there are ${maximum}; make batches smaller`,
        { details },
      );
    }
    const missing = Math.ceil(end / PAGE_BYTES) - this.memory.buffer.byteLength / PAGE_BYTES;
    try {
      if (missing > 0) this.memory.grow(missing);
    } catch (cause) {
      throw new CemError('KERNEL_MEMORY_FULL', `the system gives no ${end} bytes for tables and batches; make them smaller`, {
        details,
        cause,
      });
    }
    this.#cleanFrom = Math.max(this.#cleanFrom, end);
  }
}
