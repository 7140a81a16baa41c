/** Above so many rows of a table to a position, sorting those that are touched is faster than looking through the whole table. */
const SPARSE = 1024;
const WORD = 32;

/** The distinct rows that positions name, ascending, and which of them each position names. */
export interface UniqueRows {
  /** [touched] */
  readonly rows: Int32Array;
  /** For each list of positions, the place in `rows` of each. */
  readonly places: readonly Int32Array[];
}

/** Finds the distinct rows of steps, with two bits of scratch memory a row of the largest table: it stays in the processor's cache while the backend's data pass through. */
export class RowSorter {
  /** One bit a row: whether it is named. */
  readonly #words: Uint32Array;
  /** Rows that are named before those of a word. */
  readonly #before: Int32Array;

  /** @param rows of the largest table */
  constructor(rows: number) {
    this.#words = new Uint32Array(Math.ceil(rows / WORD));
    this.#before = new Int32Array(this.#words.length);
  }

  /** @param tableRows rows of the table that all positions are of */
  sort(positions: readonly Int32Array[], tableRows: number): UniqueRows {
    const [words, before] = [this.#words, this.#before];
    const count = positions.reduce((sum, { length }) => sum + length, 0);
    for (const rows of positions) for (let i = 0; i < rows.length; i++) words[rows[i]! >>> 5]! |= 1 << (rows[i]! & 31);
    const rows = tableRows > SPARSE * count ? this.#sortFew(positions, count) : this.#lookThrough(count, tableRows);
    const places = positions.map((named) => {
      const own = new Int32Array(named.length);
      for (let i = 0; i < named.length; i++) {
        const row = named[i]!;
        const word = row >>> 5;
        own[i] = before[word]! + bitsOf(words[word]! & ((1 << (row & 31)) - 1));
      }
      return own;
    });
    for (const row of rows) words[row >>> 5] = 0;
    return { rows, places };
  }

  /** The rows that are marked, and how many stand before each word that has some; so does the other way. @param count of the positions */
  #sortFew(positions: readonly Int32Array[], count: number): Int32Array {
    const all = new Int32Array(count);
    let end = 0;
    for (const rows of positions) {
      all.set(rows, end);
      end += rows.length;
    }
    all.sort();
    let distinct = 0;
    for (let i = 0; i < count; i++) {
      const row = all[i]!;
      if (i > 0 && row === all[distinct - 1]!) continue;
      if (distinct === 0 || all[distinct - 1]! >>> 5 !== row >>> 5) this.#before[row >>> 5] = distinct;
      all[distinct++] = row;
    }
    return all.slice(0, distinct);
  }

  #lookThrough(count: number, tableRows: number): Int32Array {
    const [words, before] = [this.#words, this.#before];
    const found = new Int32Array(Math.min(count, tableRows));
    const end = Math.ceil(tableRows / WORD);
    let distinct = 0;
    for (let word = 0; word < end; word++) {
      before[word] = distinct;
      // The lowest bit of those that are left, one after the other.
      for (let bits = words[word]!; bits !== 0; bits &= bits - 1) found[distinct++] = word * WORD + 31 - Math.clz32(bits & -bits);
    }
    return found.slice(0, distinct);
  }
}

/** How many bits are set: sums of neighbouring ones, of pairs, of fours, then of all bytes. */
function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
