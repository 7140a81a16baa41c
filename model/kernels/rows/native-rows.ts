import type { SymbolBatch } from '../../symbols/symbol-batch.ts';
import type { AdamStep, RowGradient } from './row-kernels.ts';

/** Functions of the library of native kernels over arrays wherever they lie (c/table-rows.c). They throw where sizes do not go together. */
export interface NativeRowFunctions {
  adamRows(
    weights: Float32Array,
    first: Float32Array,
    second: Float32Array,
    rows: Int32Array,
    gradients: Float32Array,
    dimension: number,
    numbers: Float32Array,
  ): void;
  /** @param tables each table, then its rows */
  embedRows(
    output: Float32Array,
    starts: Int32Array,
    places: Int32Array,
    dimension: number,
    ...tables: (Float32Array | Int32Array)[]
  ): void;
}

/** Tables that `embedRows` takes. */
const MOST_TABLES = 30;

/** Loops over table rows on all cores, to the bits of those on one. */
export class NativeRows {
  readonly #functions: NativeRowFunctions;

  constructor(functions: NativeRowFunctions) {
    this.#functions = functions;
  }

  /** `RowKernels.adam`. */
  adam(
    weights: Float32Array,
    first: Float32Array,
    second: Float32Array,
    { rows, values }: RowGradient,
    dimension: number,
    { rate, beta1, beta2, secondCorrection, epsilon, scale }: AdamStep,
  ): void {
    const numbers = Float32Array.of(rate, beta1, beta2, secondCorrection, epsilon, scale);
    this.#functions.adamRows(weights, first, second, rows, values, dimension, numbers);
  }

  /** `RowKernels.embed`; undefined where there are too many tables. */
  embed(tables: readonly Float32Array[], batch: SymbolBatch, dimension: number): Float32Array | undefined {
    if (tables.length > MOST_TABLES) return undefined;
    const output = new Float32Array(batch.size * batch.symbols * dimension);
    const pairs = tables.flatMap((table, number) => [table, batch.rows[number]!]);
    this.#functions.embedRows(output, batch.starts, batch.places, dimension, ...pairs);
    return output;
  }
}

let loaded: NativeRows | undefined;

/** The native loops, once the library has been loaded. Not tied to a backend, since results are the same. */
export function nativeRows(): NativeRows | undefined {
  return loaded;
}

/** To be called by whoever loads the library; undefined: go on without. */
export function useNativeRows(rows: NativeRows | undefined): void {
  loaded = rows;
}
