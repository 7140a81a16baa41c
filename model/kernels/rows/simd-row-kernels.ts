import assert from 'node:assert/strict';
import type { SymbolBatch } from '../../symbols/symbol-batch.ts';
import { KernelMemory, LARGEST_LASTING_BYTES } from '../kernel-memory.ts';
import { accumulateRows, type SummedRowGradient } from './accumulate-rows.ts';
import { batchPieces } from './batch-pieces.ts';
import { nativeRows } from './native-rows.ts';
import type { AdagradStep, AdamStep, RowGradient, RowKernels } from './row-kernels.ts';
import { gatherRows, type RowSource, scatterRows } from './row-source.ts';
import { runRowKernel } from './row-threads.ts';
import { SlotAssigner, type SlotAssignment } from './slot-assignment.ts';

/** Weights and the two moments of Adam: what training keeps for each number of a table. */
const ARRAYS_IN_TRAINING = 3;
/** Rows that lie outside the memories are gathered, worked on and put back in pieces of so many bytes, which stay in the processor's cache meanwhile. */
const PIECE_BYTES = 4 * 2 ** 20;

/** A memory with what is meant to come into it. */
interface PlannedMemory {
  readonly memory: KernelMemory;
  planned: number;
  allocated: number;
}

/**
 * The row kernels with SIMD. Tables and their optimiser state live in WebAssembly memories, as many as it takes (one holds at most 4 GiB), a table and its state together in one;
 * batches are copied in beside them. Arrays that no memory can hold lie outside, and the rows that a batch names are gathered, worked on and put back: slower, but still at a cost
 * that depends on the batch alone. Sums and Adam go on all cores: in native loops where there are any, else in threads over the memories.
 */
export class SimdRowKernels implements RowKernels {
  readonly name = 'simd';
  readonly #memoryBytes: number;
  readonly #pieceBytes: number;
  #newest: PlannedMemory | undefined;
  readonly #memoryOfTable = new Map<number, PlannedMemory>();
  /** Only arrays that lie in a memory. */
  readonly #memoryOfArray = new WeakMap<Float32Array, KernelMemory>();
  /** Where rows are gathered whose table lies in no memory. */
  #workspace: KernelMemory | undefined;
  #assigner = new SlotAssigner(0);

  /**
   * @param memoryBytes what tables and state may take of a memory
   * @param pieceBytes what gathered rows may take of one; one row is always worked on
   */
  constructor(memoryBytes = LARGEST_LASTING_BYTES, pieceBytes = PIECE_BYTES) {
    this.#memoryBytes = memoryBytes;
    this.#pieceBytes = pieceBytes;
  }

  allocate(table: number, length: number): Float32Array {
    const bytes = 4 * length;
    const place = this.#memoryOfTable.get(table) ?? this.#planTable(table, bytes);
    if (place === undefined || place.allocated + bytes > this.#memoryBytes) return new Float32Array(length);
    place.allocated += bytes;
    const values = place.memory.allocate(length);
    this.#memoryOfArray.set(values, place.memory);
    return values;
  }

  /** A memory with room for the table and its state; for the table alone where no memory can hold both. */
  #planTable(table: number, bytes: number): PlannedMemory | undefined {
    if (bytes > this.#memoryBytes) return undefined;
    const planned = Math.min(bytes * ARRAYS_IN_TRAINING, this.#memoryBytes);
    // Only the newest memory: tables that follow each other share memories.
    if (this.#newest === undefined || this.#newest.planned + planned > this.#memoryBytes)
      this.#newest = { memory: new KernelMemory(), planned: 0, allocated: 0 };
    this.#newest.planned += planned;
    this.#memoryOfTable.set(table, this.#newest);
    return this.#newest;
  }

  embed(tables: readonly Float32Array[], batch: SymbolBatch, dimension: number): Float32Array {
    const native = nativeRows()?.embed(tables, batch, dimension);
    if (native) return native;
    const gather = (table: number, rows: Int32Array, values: Float32Array) => gatherRows(tables[table]!, rows, dimension, values);
    return this.#embed(tables, { gather }, batch, dimension);
  }

  /** `embed` with rows that may lie anywhere. */
  embedFrom(source: RowSource, batch: SymbolBatch, dimension: number): Float32Array {
    return this.#embed(Array<undefined>(batch.rows.length).fill(undefined), source, batch, dimension);
  }

  /** @param tables those that may lie in a memory */
  #embed(tables: readonly (Float32Array | undefined)[], source: RowSource, batch: SymbolBatch, dimension: number): Float32Array {
    const output = new Float32Array(batch.size * batch.symbols * dimension);
    const groups = this.#groupByMemory(tables);
    groups.forEach(({ memory, members }, group) => {
      memory.release();
      const starts = memory.place(batch.starts);
      const places = memory.place(batch.places);
      // The sums go from memory to memory, so that they are taken in one order wherever the tables lie.
      const sums = memory.place(output);
      for (const table of members) {
        const mark = memory.mark;
        const array = tables[table];
        if (array !== undefined && this.#memoryOfArray.has(array)) {
          const rows = memory.place(batch.rows[table]!);
          const numbers = batch.rows[table]!.length * dimension;
          runRowKernel(memory, 'sumRows', batch.places.length, numbers, (from, count) => {
            return [array.byteOffset, rows, starts + 4 * from, places + 4 * from, count, dimension, sums];
          });
        } else {
          this.#sumGathered(memory, table, source, batch, dimension, places, sums);
        }
        memory.release(mark);
      }
      if (group === groups.length - 1) memory.kernels.scaleByLength(sums, starts, places, batch.places.length, dimension);
      output.set(memory.floats(sums, output.length));
    });
    return output;
  }

  #sumGathered(
    memory: KernelMemory,
    table: number,
    source: RowSource,
    batch: SymbolBatch,
    dimension: number,
    places: number,
    sums: number,
  ): void {
    for (const { from, to, firstSymbol, starts } of batchPieces(batch, this.#rowsPerPiece(dimension))) {
      const mark = memory.mark;
      const { rows, slots } = this.#assign(batch.rows[table]!.subarray(from, to));
      const gathered = memory.temporary(4 * rows.length * dimension);
      source.gather(table, rows, memory.floats(gathered, rows.length * dimension));
      const [placedSlots, placedStarts] = [memory.place(slots[0]!), memory.place(starts)];
      const symbols = starts.length - 1;
      memory.kernels.sumRows(gathered, placedSlots, placedStarts, places + 4 * firstSymbol, symbols, dimension, sums);
      memory.release(mark);
    }
  }

  accumulate(
    tables: readonly Float32Array[],
    batches: readonly SymbolBatch[],
    gradients: readonly Float32Array[],
    assignments: readonly SlotAssignment[],
    dimension: number,
  ): { tables: RowGradient[]; sumOfSquares: number } {
    const sums: SummedRowGradient[] = [];
    const groups = this.#groupByMemory(tables);
    assert(new Set(groups.map(({ memory }) => memory)).size === groups.length, 'tables of one memory follow each other');
    for (const { memory, members } of groups) {
      const some = members.map((table) => assignments[table]!);
      accumulateRows(memory, batches, gradients, some, dimension).forEach((sum, i) => {
        sums[members[i]!] = sum;
      });
    }
    return {
      tables: sums.map((sum) => sum.gradient),
      sumOfSquares: sums.reduce((total, sum) => total + sum.sumOfSquares, 0),
    };
  }

  adam(
    weights: Float32Array,
    first: Float32Array,
    second: Float32Array,
    gradient: RowGradient,
    dimension: number,
    step: AdamStep,
  ): void {
    const native = nativeRows();
    if (native) {
      native.adam(weights, first, second, gradient, dimension, step);
      return;
    }
    const { rate, beta1, beta2, secondCorrection, epsilon, scale } = step;
    const arrays = [weights, first, second].map((array) => ({ array, width: dimension }));
    const numbers = [dimension, rate, beta1, beta2, secondCorrection, epsilon, scale];
    this.#update(arrays, gradient, dimension, (memory, addresses, rows, values, touched) => {
      runRowKernel(memory, 'adamRows', touched, touched * dimension, (from, count) => {
        return [...addresses, rows + 4 * from, values + 4 * from * dimension, count, ...numbers];
      });
    });
  }

  adagrad(weights: Float32Array, sums: Float32Array, gradient: RowGradient, dimension: number, step: AdagradStep): void {
    const { rate, epsilon, scale } = step;
    const arrays = [
      { array: weights, width: dimension },
      { array: sums, width: 1 },
    ];
    this.#update(arrays, gradient, dimension, ({ kernels }, [w, s], rows, values, touched) => {
      kernels.adagradRows(w!, s!, rows, values, touched, dimension, rate, epsilon, scale);
    });
  }

  /**
   * Lets a kernel update the touched rows: where they lie when all arrays lie in the table's memory, else in gathered pieces.
   *
   * @param arrays of [rows, width] each, the table first
   */
  #update(
    arrays: readonly { readonly array: Float32Array; readonly width: number }[],
    { rows, values }: RowGradient,
    dimension: number,
    kernel: (memory: KernelMemory, addresses: readonly number[], rows: number, values: number, touched: number) => void,
  ): void {
    const memory = this.#memoryOf(arrays[0]!.array);
    const mark = memory.mark;
    if (arrays.every(({ array }) => this.#memoryOfArray.get(array) === memory)) {
      const addresses = arrays.map(({ array }) => array.byteOffset);
      kernel(memory, addresses, memory.place(rows), values.byteOffset, rows.length);
    } else {
      const piece = Math.min(this.#rowsPerPiece(dimension), rows.length);
      // Gathered rows lie in the order of their slots.
      const identity = memory.place(Int32Array.from({ length: piece }, (_, slot) => slot));
      const addresses = arrays.map(({ width }) => memory.temporary(4 * piece * width));
      for (let from = 0; from < rows.length; from += piece) {
        const some = rows.subarray(from, from + piece);
        const gathered = arrays.map(({ width }, i) => memory.floats(addresses[i]!, some.length * width));
        arrays.forEach(({ array, width }, i) => {
          gatherRows(array, some, width, gathered[i]!);
        });
        kernel(memory, addresses, identity, values.byteOffset + 4 * from * dimension, some.length);
        arrays.forEach(({ array, width }, i) => {
          scatterRows(array, some, width, gathered[i]!);
        });
      }
    }
    memory.release(mark);
  }

  /** Where a table is worked on. */
  #memoryOf(table: Float32Array | undefined): KernelMemory {
    const memory = table && this.#memoryOfArray.get(table);
    if (memory) return memory;
    this.#workspace ??= new KernelMemory();
    return this.#workspace;
  }

  /** Runs of tables that are worked on in one memory. */
  #groupByMemory(tables: readonly (Float32Array | undefined)[]): { memory: KernelMemory; members: number[] }[] {
    const groups: { memory: KernelMemory; members: number[] }[] = [];
    tables.forEach((table, number) => {
      const memory = this.#memoryOf(table);
      const last = groups.at(-1);
      if (last?.memory === memory) last.members.push(number);
      else groups.push({ memory, members: [number] });
    });
    return groups;
  }

  #rowsPerPiece(dimension: number): number {
    return Math.max(1, Math.floor(this.#pieceBytes / (4 * dimension)));
  }

  #assign(rows: Int32Array): SlotAssignment {
    let largest = 0;
    for (const row of rows) largest = Math.max(largest, row);
    if (largest >= this.#assigner.rows) this.#assigner = new SlotAssigner(Math.max(largest + 1, 2 * this.#assigner.rows));
    return this.#assigner.assign([rows]);
  }
}
