/**
 * What LZ77 wrote into a frame: literals and copies, before any copy is executed.
 *
 * Expansion would be: for each symbol, append the next literal (`offsets[i] === 0`) or copy `lengths[i]` bytes from `offsets[i]`
 * bytes back, where distances beyond the bytes so far reach into the end of the dictionary's content.
 */
export interface FrameSymbols {
  /** Number of symbols; a literal byte is one symbol, a match is one symbol. */
  readonly count: number;
  /** [count] Bytes that the symbol stands for (1 for literals). */
  readonly lengths: Uint32Array;
  /** [count] 0 = literal, else the match distance in bytes with repeat offsets resolved. */
  readonly offsets: Uint32Array;
  /** All literal bytes in order. */
  readonly literals: Uint8Array;
  /** Decompressed size in bytes = sum of `lengths`. */
  readonly size: number;
  /** [blocks] Index of the symbol that each block starts with. */
  readonly blockStarts: Uint32Array;
}

const NO_NUMBERS = new Uint32Array(0);
const NO_BYTES = new Uint8Array(0);

/** Growing arrays that the blocks of one frame append their symbols to. */
export class SymbolBuffer {
  lengths = NO_NUMBERS;
  offsets = NO_NUMBERS;
  literals = NO_BYTES;
  count = 0;
  literalCount = 0;
  /** Decompressed bytes so far. */
  size = 0;
  readonly #blockStarts: number[] = [];

  /** Starts a block of at most `symbols` symbols, of which `literals` are literals; their lengths are preset to 1, their offsets to 0. */
  startBlock(symbols: number, literals: number): void {
    this.#blockStarts.push(this.count);
    const symbolsNeeded = this.count + symbols;
    if (symbolsNeeded > this.lengths.length) {
      // Exact for the first block (most frames have one), doubling afterwards.
      const capacity = Math.max(symbolsNeeded, this.count * 2);
      const lengths = new Uint32Array(capacity);
      const offsets = new Uint32Array(capacity);
      lengths.set(this.lengths.subarray(0, this.count));
      offsets.set(this.offsets.subarray(0, this.count));
      this.lengths = lengths;
      this.offsets = offsets;
    }
    this.lengths.fill(1, this.count, symbolsNeeded);
    const literalsNeeded = this.literalCount + literals;
    if (literalsNeeded > this.literals.length) {
      const grown = new Uint8Array(Math.max(literalsNeeded, this.literalCount * 2));
      grown.set(this.literals.subarray(0, this.literalCount));
      this.literals = grown;
    }
  }

  finish(): FrameSymbols {
    const { count, literalCount, size } = this;
    return {
      count,
      lengths: count === this.lengths.length ? this.lengths : this.lengths.slice(0, count),
      offsets: count === this.offsets.length ? this.offsets : this.offsets.slice(0, count),
      literals: literalCount === this.literals.length ? this.literals : this.literals.slice(0, literalCount),
      size,
      blockStarts: Uint32Array.from(this.#blockStarts),
    };
  }
}
