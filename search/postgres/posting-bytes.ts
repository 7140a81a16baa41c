/**
 * The postings of a term as bytes: how many units have it, and for each of them, ascending, its distance from the one before and how often it has the term.
 *
 * A number is LEB128. The distance less 1 is doubled, and one more where the term occurs several times, whose number less 2 follows; the first distance is from -1.
 */

const LARGEST_BYTE = 0x7f;

/** Bytes that grow. */
export class ByteList {
  #bytes = new Uint8Array(1 << 10);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A view that the next addition may leave behind. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** @param value a whole number, 0 to 2^53 - 1 */
  addNumber(value: number): void {
    this.#makeRoom(8);
    let rest = value;
    while (rest > LARGEST_BYTE) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  addBytes(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #makeRoom(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + more));
    larger.set(this.bytes);
    this.#bytes = larger;
  }
}

/** Reads numbers of 32 bits, one after the other. The bytes are our own: what is read was written as it must be. */
export class ByteCursor {
  readonly bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  get atEnd(): boolean {
    return this.position >= this.bytes.length;
  }

  number(): number {
    let byte = this.bytes[this.position++]!;
    if (byte <= LARGEST_BYTE) return byte;
    let value = byte & LARGEST_BYTE;
    for (let shift = 7; byte > LARGEST_BYTE; shift += 7) {
      byte = this.bytes[this.position++]!;
      value |= (byte & LARGEST_BYTE) << shift;
    }
    return value >>> 0;
  }

  slice(length: number): Uint8Array {
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }
}

/**
 * Adds a term's postings.
 *
 * @param units ascending numbers of 31 bits, from `start` up to `end` of the list
 * @param counts of the same places
 */
export function addPostings(
  to: ByteList,
  units: ArrayLike<number>,
  counts: ArrayLike<number>,
  start = 0,
  end = units.length,
): void {
  to.addNumber(end - start);
  let last = -1;
  for (let place = start; place < end; place++) {
    const [unit, count] = [units[place]!, counts[place]!];
    to.addNumber(2 * (unit - last - 1) + (count > 1 ? 1 : 0));
    if (count > 1) to.addNumber(count - 2);
    last = unit;
  }
}

/** How many units the postings are of. */
export const postingCount = (postings: Uint8Array): number => new ByteCursor(postings).number();

/** Calls with each unit and how often it has the term. */
export function eachPosting(postings: Uint8Array, call: (unit: number, count: number) => void): void {
  const from = new ByteCursor(postings);
  let unit = -1;
  for (let left = from.number(); left > 0; left--) {
    const step = from.number();
    unit += (step >>> 1) + 1;
    call(unit, step & 1 ? from.number() + 2 : 1);
  }
}
