/** Above so many rows of a table to one that is touched, sorting is faster than looking through the whole table. */
const SPARSE = 32;

/** The distinct rows that positions name, ascending, and which of them each position names. */
export interface UniqueRows {
  /** [touched] */
  readonly rows: Int32Array;
  /** For each list of positions, the place in `rows` of each. */
  readonly places: readonly Int32Array[];
}

/** Finds the distinct rows of steps, with one number of scratch memory a row of the largest table. */
export class RowSorter {
  /** [rows] the place of a row plus one while rows are sorted, 0 otherwise. */
  readonly #marks: Int32Array;

  /** @param rows of the largest table */
  constructor(rows: number) {
    this.#marks = new Int32Array(rows);
  }

  /** @param tableRows rows of the table that all positions are of */
  sort(positions: readonly Int32Array[], tableRows: number): UniqueRows {
    const marks = this.#marks;
    const found = new Int32Array(positions.reduce((sum, { length }) => sum + length, 0));
    let count = 0;
    for (const rows of positions) {
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        if (marks[row] !== 0) continue;
        marks[row] = 1;
        found[count++] = row;
      }
    }
    const rows = found.slice(0, count);
    if (tableRows > SPARSE * count) {
      rows.sort();
      for (let i = 0; i < count; i++) marks[rows[i]!] = i + 1;
    } else {
      for (let row = 0, i = 0; i < count; row++) {
        if (marks[row] === 0) continue;
        rows[i++] = row;
        marks[row] = i;
      }
    }
    const places = positions.map((named) => {
      const own = new Int32Array(named.length);
      for (let i = 0; i < named.length; i++) own[i] = marks[named[i]!]! - 1;
      return own;
    });
    for (let i = 0; i < count; i++) marks[rows[i]!] = 0;
    return { rows, places };
  }
}
