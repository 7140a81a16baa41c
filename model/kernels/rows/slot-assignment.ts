/** The distinct rows that some positions name, and which of them each position names. */
export interface SlotAssignment {
  /** [touched] number of the row in each slot. */
  readonly rows: Int32Array;
  /** For each list of positions, as many slots as it has positions. */
  readonly slots: readonly Int32Array[];
}

/** Gives rows slots, with one number of scratch memory a row instead of a hash map. */
export class SlotAssigner {
  /** Rows of the largest table that it is used for. */
  readonly rows: number;
  /** [rows] the slot of a row while slots are assigned, -1 otherwise. */
  readonly #slotOfRow: Int32Array;

  constructor(rows: number) {
    this.rows = rows;
    this.#slotOfRow = new Int32Array(rows).fill(-1);
  }

  /** Gives every row that occurs a slot, in the order of first occurrence. */
  assign(rowLists: readonly Int32Array[]): SlotAssignment {
    const slotOfRow = this.#slotOfRow;
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
}
