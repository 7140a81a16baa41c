import type { RowGradient } from '../../model/kernels/rows/index.ts';
import type { HashTables } from '../../model/tables/index.ts';
import { type StateArrays, stateArray } from './state-arrays.ts';

/** What is left of an average after the steps `from` + 1 to `to`: the product of their decays. */
export type KeptShare = (from: number, to: number) => number;

/**
 * Moving averages of table rows, at the cost of the rows that steps touch. A row that stood still since step s has at step t the average `row + kept(s, t) * (average(s) - row)`: just what
 * the definition gives that takes in the same row t - s times. So each row keeps its average of one step and the number of that step; it is brought up to date before the row changes, and
 * for all rows when the averages are shown. The results are the definition's, up to rounding. Memory is once more that of the tables, twice while averages are shown.
 */
export class TableAverages {
  readonly #tables: HashTables;
  readonly #kept: KeptShare;
  /** One array a table, shaped like it. */
  readonly #averages: readonly Float32Array[];
  /** One array a table, [rows]: the step whose average a row has, since which it has not changed. Exact up to step 2^24. */
  readonly #steps: readonly Float32Array[];
  /** The rows themselves while their averages stand in the tables. */
  #weights: readonly Float32Array[] | undefined;

  /** Averages that begin with the rows. */
  constructor(tables: HashTables, kept: KeptShare) {
    this.#tables = tables;
    this.#kept = kept;
    this.#averages = tables.tables.map((table) => table.slice());
    this.#steps = tables.tables.map((table) => new Float32Array(table.length / tables.dimension));
  }

  /**
   * To be called before a step changes rows.
   *
   * @param gradients those of the rows that it changes, one entry a table
   * @param step from 1 on
   */
  beforeStep(gradients: readonly RowGradient[], step: number): void {
    const { tables, dimension } = this.#tables;
    gradients.forEach(({ rows }, table) => {
      const steps = this.#steps[table]!;
      for (const row of rows) {
        averageRow(
          this.#averages[table]!,
          tables[table]!,
          this.#averages[table]!,
          row,
          dimension,
          this.#kept(steps[row]!, step - 1),
        );
        steps[row] = step - 1;
      }
    });
  }

  /** Writes the averages of a step into the tables, until `hide`. */
  show(step: number): void {
    const { tables, dimension } = this.#tables;
    this.#weights = tables.map((table) => table.slice());
    tables.forEach((values, table) => {
      this.#steps[table]!.forEach((from, row) => {
        averageRow(values, values, this.#averages[table]!, row, dimension, this.#kept(from, step));
      });
    });
  }

  /** Puts the rows back. */
  hide(): void {
    this.#weights?.forEach((values, table) => {
      this.#tables.tables[table]!.set(values);
    });
    this.#weights = undefined;
  }

  /** `tables/<number>/average`, `tables/<number>/average-steps` and, while the tables have them not, the rows as `tables/<number>/weights`. */
  arrays(): StateArrays {
    const arrays = new Map<string, Float32Array>();
    this.#averages.forEach((average, table) => {
      arrays.set(`tables/${table}/average`, average);
      arrays.set(`tables/${table}/average-steps`, this.#steps[table]!);
      if (this.#weights) arrays.set(`tables/${table}/weights`, this.#weights[table]!);
    });
    return arrays;
  }

  /** Takes up averages, and puts rows that stand beside them into the tables. */
  restore(arrays: StateArrays): void {
    this.#averages.forEach((average, table) => {
      const steps = this.#steps[table]!;
      average.set(stateArray(arrays, `tables/${table}/average`, average.length));
      steps.set(stateArray(arrays, `tables/${table}/average-steps`, steps.length));
      const weights = `tables/${table}/weights`;
      if (arrays.has(weights)) this.#tables.tables[table]!.set(stateArray(arrays, weights, average.length));
    });
  }
}

/** Numbers that averages keep for a table, for estimates of memory. */
export function tableAverageNumbers(rows: number, dimension: number): number {
  return rows * (dimension + 1);
}

/** A row's average after steps in which the row was the same, and of which `kept` is what they left of the average before. */
function averageRow(
  target: Float32Array,
  values: Float32Array,
  averages: Float32Array,
  row: number,
  dimension: number,
  kept: number,
): void {
  const end = (row + 1) * dimension;
  for (let at = row * dimension; at < end; at++) target[at] = values[at]! + kept * (averages[at]! - values[at]!);
}
