/** Adds a number from 0 to 2^53 - 1 as LEB128: seven bits a byte, the lowest first, the high bit set on all bytes but the last. */
export function addNumber(to: number[], value: number): void {
  let rest = value;
  while (rest > 0x7f) {
    to.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  to.push(rest);
}

/** A signed number as an unsigned one: 0, -1, 1, -2 are 0, 1, 2, 3. */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** Reads numbers and pieces of bytes, one after the other. */
export class ContentReader {
  readonly #bytes: Uint8Array;
  readonly #fail: (wrong: string) => Error;
  #position = 0;

  /** @param fail makes the error for what is wrong with the content */
  constructor(bytes: Uint8Array, fail: (wrong: string) => Error) {
    this.#bytes = bytes;
    this.#fail = fail;
  }

  /** Bytes that were not read. */
  get left(): number {
    return this.#bytes.length - this.#position;
  }

  number(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 0x80) {
      const byte = this.#bytes[this.#position];
      if (byte === undefined) throw this.#fail('a number runs past its end');
      this.#position += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
    }
    throw this.#fail('a number is above 2^53 - 1');
  }

  /** As many numbers as are said to be there; each takes a byte at least. */
  numbers(count: number): number[] {
    if (count > this.left) throw this.#fail(`${count} numbers do not fit into ${this.left} bytes`);
    return Array.from({ length: count }, () => this.number());
  }

  bytes(length: number): Uint8Array {
    if (length > this.left) throw this.#fail('a string runs past its end');
    this.#position += length;
    return this.#bytes.subarray(this.#position - length, this.#position);
  }
}
