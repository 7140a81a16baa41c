/** A matrix in compressed sparse row form. */
export interface SparseMatrix {
  readonly rows: number;
  readonly columns: number;
  /** [rows + 1] where each row's entries start in `indices` and `values`. */
  readonly starts: Float64Array;
  /** Column of each entry. */
  readonly indices: Uint32Array;
  readonly values: Float32Array;
}

/** Sets `output` to one row times a dense matrix. `dense`: row-major [columns, width], `output`: [width]. */
export function multiplyRow(
  indices: Uint32Array,
  values: Float32Array,
  start: number,
  end: number,
  dense: Float64Array,
  width: number,
  output: Float64Array,
): void {
  output.fill(0);
  let entry = start;
  // Two rows of `dense` a pass: half the loads and stores of `output`.
  for (; entry + 1 < end; entry += 2) {
    const firstWeight = values[entry]!;
    const secondWeight = values[entry + 1]!;
    let first = indices[entry]! * width;
    let second = indices[entry + 1]! * width;
    for (let column = 0; column < width; column++) {
      output[column] = output[column]! + firstWeight * dense[first++]! + secondWeight * dense[second++]!;
    }
  }
  if (entry < end) {
    const weight = values[entry]!;
    let position = indices[entry]! * width;
    for (let column = 0; column < width; column++) output[column] = output[column]! + weight * dense[position++]!;
  }
}
