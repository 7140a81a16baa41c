import type { RowKernels } from '../../model/kernels/rows/index.ts';
import { SimdRowKernels, SlotAssigner, type SlotAssignment } from '../../model/kernels/rows/index.ts';
import type { EncodedChunk, SymbolBatch } from '../../model/symbols/index.ts';
import type { RegressionMatrix } from './ridge-regression.ts';

/**
 * What a text's counts are divided by: its positions to this power, times a constant that makes it the root of the positions for texts of typical length, so that `ridge` means the same for all
 * corpora. The sum of a text's rows grows with its length, by the root where rows point anywhere and in proportion where they agree: with 0.5, tables that were fitted to
 * sentences and passages together ranked passages at nDCG@10 0.292, with 0.8 at 0.302, with 1 at 0.300 (3,000 passages of technical documentation, LSA, before the first step).
 */
const LENGTH_EXPONENT = 0.8;

/**
 * How often each text names each row of each table, divided by a power of the text's positions: A, so that A times the tables is every text's sum of rows, whatever symbols it was parsed into.
 * To the row kernels a text is one symbol with all its positions; only the rows that occur are unknowns.
 *
 * Memory: 4 bytes a position and table, and whatever vectors are made.
 */
export class NgramCounts implements RegressionMatrix {
  readonly width: number;
  readonly columnSquares: readonly Float32Array[];
  /** For each table [unknowns] the table's row that each unknown stands for, in the order of first occurrence. */
  readonly rows: readonly Int32Array[];
  readonly #kernels: RowKernels;
  readonly #batch: SymbolBatch;
  /** [texts] what the kernels' sums, divided by the root of the positions, are multiplied by. */
  readonly #weights: Float32Array;
  /** One a table; slots stand for themselves. */
  readonly #assignments: readonly SlotAssignment[];
  /** The first vectors made: gradients are summed in their memory. */
  #first: readonly Float32Array[] | undefined;

  /**
   * @param chunks at least one; each has a position
   * @param tableRows rows of the largest table
   */
  constructor(chunks: readonly EncodedChunk[], width: number, tableRows: number, kernels: RowKernels = new SimdRowKernels()) {
    this.width = width;
    this.#kernels = kernels;
    const starts = new Int32Array(chunks.length + 1);
    chunks.forEach((chunk, text) => {
      starts[text + 1] = starts[text]! + chunk.rows[0]!.length;
    });
    const assigner = new SlotAssigner(tableRows);
    const assigned = chunks[0]!.rows.map((_, table) => assigner.assign(chunks.map((chunk) => chunk.rows[table]!)));
    this.rows = assigned.map(({ rows }) => rows);
    const slots = assigned.map(({ slots }) => concatenate(slots, starts.at(-1)!));
    this.#batch = {
      size: chunks.length,
      symbols: 1,
      lengths: Float32Array.from(chunks, (_, text) => starts[text + 1]! - starts[text]!),
      kinds: new Int32Array(chunks.length),
      places: Int32Array.from(chunks, (_, text) => text),
      starts,
      rows: slots,
    };
    this.#weights = lengthWeights(this.#batch.lengths);
    this.#assignments = slots.map((own, table) => ({ rows: identity(this.rows[table]!.length), slots: [own] }));
    this.columnSquares = slots.map((own, table) => squaresOfColumns(own, starts, this.#weights, this.rows[table]!.length));
  }

  unknowns(): Float32Array[] {
    const made = this.rows.map((rows, table) => this.#kernels.allocate(table, rows.length * this.width));
    this.#first ??= made;
    return made;
  }

  apply(unknowns: readonly Float32Array[]): Float32Array {
    return this.#weigh(this.#kernels.embed(unknowns, this.#batch, this.width));
  }

  applyTransposed(equations: Float32Array): readonly Float32Array[] {
    const first = this.#first ?? this.unknowns();
    const { tables } = this.#kernels.accumulate(
      first,
      [this.#batch],
      [this.#weigh(equations.slice())],
      this.#assignments,
      this.width,
    );
    return tables.map(({ values }) => values);
  }

  /** Changes the values it is given. */
  #weigh(equations: Float32Array): Float32Array {
    this.#weights.forEach((weight, text) => {
      for (let at = text * this.width; at < (text + 1) * this.width; at++) equations[at]! *= weight;
    });
    return equations;
  }
}

function concatenate(parts: readonly Int32Array[], length: number): Int32Array {
  const whole = new Int32Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function identity(length: number): Int32Array {
  return Int32Array.from({ length }, (_, index) => index);
}

function lengthWeights(positions: Float32Array): Float32Array {
  const typical = Math.exp(positions.reduce((sum, count) => sum + Math.log(count), 0) / positions.length);
  return positions.map((count) => (typical / count) ** (LENGTH_EXPONENT - 0.5));
}

/** [unknowns] sums over the texts of (weight * count)^2 / positions. */
function squaresOfColumns(slots: Int32Array, starts: Int32Array, weights: Float32Array, unknowns: number): Float32Array {
  const counts = new Int32Array(unknowns);
  const squares = new Float32Array(unknowns);
  weights.forEach((weight, text) => {
    const [from, to] = [starts[text]!, starts[text + 1]!];
    for (let position = from; position < to; position++) counts[slots[position]!]!++;
    for (let position = from; position < to; position++) {
      const slot = slots[position]!;
      squares[slot]! += (weight * counts[slot]!) ** 2 / (to - from);
      counts[slot] = 0;
    }
  });
  return squares;
}
