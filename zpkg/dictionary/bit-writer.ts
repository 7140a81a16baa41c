/** Appends bits, least significant first, to a growing list of bytes: the order of every bit field of the zstd format. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #pending = 0;
  #width = 0;

  /** Appends the lowest `width` (at most 24) bits of `value`. */
  write(value: number, width: number): void {
    this.#pending |= (value & ((1 << width) - 1)) << this.#width;
    this.#width += width;
    for (; this.#width >= 8; this.#width -= 8) {
      this.#bytes.push(this.#pending & 255);
      this.#pending >>>= 8;
    }
  }

  /** The bytes so far, the last one filled up with zero bits. */
  finish(): Uint8Array {
    return Uint8Array.from(this.#width > 0 ? [...this.#bytes, this.#pending] : this.#bytes);
  }
}
