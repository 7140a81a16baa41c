import type { HashTables } from '../../model/hash-tables.ts';
import type { SymbolBatch } from '../../model/symbol-batch.ts';
import type { AdamOptions } from './adamw.ts';

/** Floats handled together in the inner loops; the dimension of the tables is a multiple of it. */
const BLOCK = 8;

/** Gradient of one table: rows that were touched, and their gradients. */
interface RowGradients {
  /** [touched] */
  readonly rows: Int32Array;
  /** [touched, dimension] */
  readonly values: Float32Array;
  readonly touched: number;
}

/**
 * Adam over the rows that a batch touched (known as lazy or sparse Adam): moments of the other rows stand still, so that a step costs what the batch costs, not what the
 * tables hold. No weight decay: it would touch every row.
 */
export class RowSparseAdam {
  readonly #tables: HashTables;
  readonly #options: AdamOptions;
  /** One array a table, shaped like the table. */
  readonly firstMoments: readonly Float32Array[];
  readonly secondMoments: readonly Float32Array[];
  /** [table][row]: where a row's gradient is being summed, -1 when it is not. */
  readonly #slots: readonly Int32Array[];

  constructor(tables: HashTables, options: AdamOptions) {
    this.#tables = tables;
    this.#options = options;
    this.firstMoments = tables.tables.map((table) => new Float32Array(table.length));
    this.secondMoments = tables.tables.map((table) => new Float32Array(table.length));
    this.#slots = tables.tables.map((table) => new Int32Array(table.length / tables.dimension).fill(-1));
  }

  /**
   * Row gradients of several batches together.
   *
   * @param gradients for each batch the gradient of its symbol embeddings, [size, symbols, dimension]; scaled in place by length^-1/2
   * @returns one entry a table, and the sum of squares of them all
   */
  accumulate(
    batches: readonly SymbolBatch[],
    gradients: readonly Float32Array[],
  ): { tables: RowGradients[]; sumOfSquares: number } {
    const { dimension } = this.#tables;
    batches.forEach((batch, index) => {
      scaleByLength(batch, gradients[index]!, dimension);
    });
    let sumOfSquares = 0;
    const tables = this.#slots.map((slots, table) => {
      const touched = assignSlots(
        batches.map((batch) => batch.rows[table]!),
        slots,
      );
      const values = new Float32Array(touched.length * dimension);
      batches.forEach((batch, index) => {
        scatter(batch, table, gradients[index]!, slots, dimension, values);
      });
      for (let i = 0; i < touched.length; i++) slots[touched[i]!] = -1;
      for (let i = 0; i < values.length; i++) sumOfSquares += values[i]! * values[i]!;
      return { rows: touched, values, touched: touched.length };
    });
    return { tables, sumOfSquares };
  }

  /**
   * @param scale what gradients are multiplied by first (clipping)
   * @param step from 1 on, for the bias correction
   */
  apply(gradients: readonly RowGradients[], learningRate: number, scale: number, step: number): void {
    const { beta1, beta2, epsilon } = this.#options;
    const { dimension } = this.#tables;
    const rate = learningRate / (1 - beta1 ** step);
    const secondCorrection = 1 / (1 - beta2 ** step);
    gradients.forEach(({ rows, values, touched }, table) => {
      const weights = this.#tables.tables[table]!;
      const first = this.firstMoments[table]!;
      const second = this.secondMoments[table]!;
      for (let i = 0; i < touched; i++) {
        const from = i * dimension;
        const base = rows[i]! * dimension;
        for (let d = 0; d < dimension; d++) {
          const gradient = values[from + d]! * scale;
          const at = base + d;
          const m = beta1 * first[at]! + (1 - beta1) * gradient;
          const v = beta2 * second[at]! + (1 - beta2) * gradient * gradient;
          first[at] = m;
          second[at] = v;
          weights[at]! -= (rate * m) / (Math.sqrt(v * secondCorrection) + epsilon);
        }
      }
    });
  }
}

/** A symbol's embedding is scaled by length^-1/2, so its gradient is too. */
function scaleByLength(batch: SymbolBatch, gradient: Float32Array, dimension: number): void {
  const { places, starts } = batch;
  for (let symbol = 0; symbol < places.length; symbol++) {
    const length = starts[symbol + 1]! - starts[symbol]!;
    if (length === 1) continue;
    const scale = length ** -0.5;
    const base = places[symbol]! * dimension;
    for (let d = base; d < base + dimension; d++) gradient[d]! *= scale;
  }
}

/** Gives every row that occurs a slot, in the order of first occurrence; returns the rows by slot. */
function assignSlots(rowLists: readonly Int32Array[], slots: Int32Array): Int32Array {
  let total = 0;
  for (const rows of rowLists) total += rows.length;
  const touched = new Int32Array(total);
  let count = 0;
  for (const rows of rowLists) {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      if (slots[row] !== -1) continue;
      slots[row] = count;
      touched[count++] = row;
    }
  }
  return touched.slice(0, count);
}

/** Adds each symbol's gradient to the slots of its positions' rows; the block of the gradient stays in registers while the positions pass. */
function scatter(
  batch: SymbolBatch,
  table: number,
  gradient: Float32Array,
  slots: Int32Array,
  dimension: number,
  values: Float32Array,
): void {
  const { places, starts } = batch;
  const rows = batch.rows[table]!;
  for (let symbol = 0; symbol < places.length; symbol++) {
    const from = starts[symbol]!;
    const to = starts[symbol + 1]!;
    const place = places[symbol]! * dimension;
    for (let d = 0; d < dimension; d += BLOCK) {
      const at = place + d;
      const g0 = gradient[at]!;
      const g1 = gradient[at + 1]!;
      const g2 = gradient[at + 2]!;
      const g3 = gradient[at + 3]!;
      const g4 = gradient[at + 4]!;
      const g5 = gradient[at + 5]!;
      const g6 = gradient[at + 6]!;
      const g7 = gradient[at + 7]!;
      for (let position = from; position < to; position++) {
        const target = slots[rows[position]!]! * dimension + d;
        values[target]! += g0;
        values[target + 1]! += g1;
        values[target + 2]! += g2;
        values[target + 3]! += g3;
        values[target + 4]! += g4;
        values[target + 5]! += g5;
        values[target + 6]! += g6;
        values[target + 7]! += g7;
      }
    }
  }
}
