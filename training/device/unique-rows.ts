/** Above so many rows of a table to a position, sorting those that are touched is faster than looking through the whole table. */
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
    const count = positions.reduce((sum, { length }) => sum + length, 0);
    const rows = tableRows > SPARSE * count ? this.#sortFew(positions, count) : this.#lookThrough(positions, count, tableRows);
    const places = positions.map((named) => {
      const own = new Int32Array(named.length);
      for (let i = 0; i < named.length; i++) own[i] = marks[named[i]!]! - 1;
      return own;
    });
    for (const row of rows) marks[row] = 0;
    return { rows, places };
  }

  /** Marks the rows with their places plus one; so does the other way. @param count of the positions */
  #sortFew(positions: readonly Int32Array[], count: number): Int32Array {
    const marks = this.#marks;
    const found = new Int32Array(count);
    let distinct = 0;
    for (const rows of positions) {
      for (const row of rows) {
        if (marks[row] !== 0) continue;
        marks[row] = 1;
        found[distinct++] = row;
      }
    }
    const rows = found.slice(0, distinct).sort();
    for (let i = 0; i < distinct; i++) marks[rows[i]!] = i + 1;
    return rows;
  }

  /** Without a branch on whether a row is named, which no processor foresees. */
  #lookThrough(positions: readonly Int32Array[], count: number, tableRows: number): Int32Array {
    const marks = this.#marks;
    for (const rows of positions) for (let i = 0; i < rows.length; i++) marks[rows[i]!] = 1;
    // Each row is written behind those found so far, and stays there where it is named.
    const found = new Int32Array(Math.min(count, tableRows) + 1);
    let distinct = 0;
    for (let row = 0; row < tableRows; row++) {
      const named = marks[row]!;
      found[distinct] = row;
      distinct += named;
      marks[row] = -named & distinct;
    }
    return found.slice(0, distinct);
  }
}
