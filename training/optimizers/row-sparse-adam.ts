import type { HashTables } from '../../model/hash-tables.ts';
import type { RowGradient, SlotAssignment } from '../../model/kernels/row-kernels.ts';
import type { SymbolBatch } from '../../model/symbol-batch.ts';
import type { AdamOptions } from './adamw.ts';

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
  /** [table][row]: the slot of a row while slots are assigned, -1 otherwise. */
  readonly #slots: readonly Int32Array[];

  constructor(tables: HashTables, options: AdamOptions) {
    this.#tables = tables;
    this.#options = options;
    this.firstMoments = tables.tables.map((table) => tables.kernels.allocate(table.length));
    this.secondMoments = tables.tables.map((table) => tables.kernels.allocate(table.length));
    this.#slots = tables.tables.map((table) => new Int32Array(table.length / tables.dimension).fill(-1));
  }

  /**
   * Row gradients of several batches together.
   *
   * @param gradients for each batch the gradient of its symbol embeddings, [size, symbols, dimension]
   * @returns one entry a table, valid until the next call, and the sum of squares of them all
   */
  accumulate(
    batches: readonly SymbolBatch[],
    gradients: readonly Float32Array[],
  ): { tables: RowGradient[]; sumOfSquares: number } {
    const assignments = this.#slots.map((slots, table) =>
      assignSlots(
        batches.map((batch) => batch.rows[table]!),
        slots,
      ),
    );
    return this.#tables.kernels.accumulate(batches, gradients, assignments, this.#tables.dimension);
  }

  /**
   * @param scale what gradients are multiplied by first (clipping)
   * @param step from 1 on, for the bias correction
   */
  apply(gradients: readonly RowGradient[], learningRate: number, scale: number, step: number): void {
    const { beta1, beta2, epsilon } = this.#options;
    const { tables, kernels, dimension } = this.#tables;
    const numbers = {
      rate: learningRate / (1 - beta1 ** step),
      beta1,
      beta2,
      secondCorrection: 1 / (1 - beta2 ** step),
      epsilon,
      scale,
    };
    gradients.forEach((gradient, table) => {
      kernels.adam(tables[table]!, this.firstMoments[table]!, this.secondMoments[table]!, gradient, dimension, numbers);
    });
  }
}

/** Gives every row that occurs a slot, in the order of first occurrence. */
function assignSlots(rowLists: readonly Int32Array[], slotOfRow: Int32Array): SlotAssignment {
  let positions = 0;
  for (const rows of rowLists) positions += rows.length;
  const touched = new Int32Array(positions);
  let count = 0;
  const slots = rowLists.map((rows) => {
    const assigned = new Int32Array(rows.length);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      let slot = slotOfRow[row]!;
      if (slot === -1) {
        slot = count++;
        slotOfRow[row] = slot;
        touched[slot] = row;
      }
      assigned[i] = slot;
    }
    return assigned;
  });
  const rows = touched.slice(0, count);
  for (const row of rows) slotOfRow[row] = -1;
  return { rows, slots };
}
