/** Rows of several tables, wherever they lie. */
export interface RowSource {
  /**
   * Copies rows of a table.
   *
   * @param rows numbers of the rows, none of them twice
   * @param output [rows, dimension]
   */
  gather(table: number, rows: Int32Array, output: Float32Array): void;
}

/** Copies rows of a table: `values` [rows, dimension] from `table` [all rows, dimension]. */
export function gatherRows(table: Float32Array, rows: Int32Array, dimension: number, values: Float32Array): void {
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * dimension;
    values.set(table.subarray(from, from + dimension), i * dimension);
  }
}

/** The way back: `table` [all rows, dimension] from `values` [rows, dimension]. */
export function scatterRows(table: Float32Array, rows: Int32Array, dimension: number, values: Float32Array): void {
  for (let i = 0; i < rows.length; i++) {
    const from = i * dimension;
    table.set(values.subarray(from, from + dimension), rows[i]! * dimension);
  }
}
