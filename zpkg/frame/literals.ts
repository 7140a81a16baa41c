import type { HuffmanTable } from './huffman.ts';
import type { PaddedBytes } from './padded-bytes.ts';

/** How a literals section keeps its bytes (RFC 8878, 3.1.1.3.1.1, Literals_Block_Type). */
const RAW = 0;
const RUN = 1;
const COMPRESSED = 2;

/** Fewest literals that four streams may hold (RFC 8878, 3.1.1.3.1.1). */
const FEWEST_FOR_FOUR_STREAMS = 6;
/** Bytes of the three stream sizes before four streams. */
const JUMP_TABLE = 6;

/** A parsed header of a literals section; refilled for every block. */
export class LiteralsSection {
  #type = RAW;
  /** Number of literals. */
  count = 0;
  /** Index of the first byte after the header. */
  #start = 0;
  /** Index of the first byte after the section. */
  end = 0;
  #streams = 1;

  /**
   * Reads the header at byte `index`, checking that the section lies within the block.
   *
   * @throws FormatError FRAME_TRUNCATED, FRAME_CORRUPT
   */
  readHeader(input: PaddedBytes, index: number, largest: number): void {
    const { view } = input;
    input.need(index + 1, 'a literals section header');
    const type = view.getUint8(index) & 3;
    const format = (view.getUint8(index) >>> 2) & 3;
    let stored: number;
    if (type === RAW || type === RUN) {
      const bytes = (format & 1) === 0 ? 1 : format === 1 ? 2 : 3;
      input.need(index + bytes, 'a literals section header');
      const header = view.getUint32(index, true) & (bytes === 3 ? 0xffffff : bytes === 2 ? 0xffff : 0xff);
      this.count = header >>> (bytes === 1 ? 3 : 4);
      this.#start = index + bytes;
      stored = type === RUN ? 1 : this.count;
    } else {
      const bytes = format < 2 ? 3 : format + 2;
      input.need(index + bytes, 'a literals section header');
      const width = format < 2 ? 10 : format === 2 ? 14 : 18;
      const mask = (1 << width) - 1;
      this.count = (view.getUint32(index, true) >>> 4) & mask;
      // The stored size starts at bit 4 + width: 14, 18 or 22, so a load from the byte there holds all of it.
      stored = (view.getUint32(index + ((4 + width) >>> 3), true) >>> ((4 + width) & 7)) & mask;
      this.#start = index + bytes;
      this.#streams = format === 0 ? 1 : 4;
      if (this.#streams === 4 && this.count < FEWEST_FOR_FOUR_STREAMS) {
        input.fail(
          'FRAME_CORRUPT',
          index,
          `${this.count} literals in four streams, at least ${FEWEST_FOR_FOUR_STREAMS} are needed`,
        );
      }
    }
    this.#type = type;
    this.end = this.#start + stored;
    if (this.count > largest) input.fail('FRAME_CORRUPT', index, `${this.count} literals in a block of at most ${largest} bytes`);
    input.need(this.end, 'a literals section');
  }

  /**
   * Puts the literals into `output` at `at`.
   *
   * @param current the table that a treeless section uses, null when there is none yet
   * @param own the table that a tree description is read into
   * @returns the table for the next treeless section
   * @throws FormatError FRAME_TRUNCATED, FRAME_CORRUPT, FRAME_BAD_ENTROPY_TABLE
   */
  decode(
    input: PaddedBytes,
    output: Uint8Array,
    at: number,
    current: HuffmanTable | null,
    own: HuffmanTable,
  ): HuffmanTable | null {
    if (this.#type === RAW) {
      output.set(input.bytes.subarray(this.#start, this.end), at);
      return current;
    }
    if (this.#type === RUN) {
      output.fill(input.bytes[this.#start]!, at, at + this.count);
      return current;
    }
    let table = current;
    let from = this.#start;
    if (this.#type === COMPRESSED) {
      from = own.read(input, from);
      table = own;
    }
    if (table === null) input.fail('FRAME_CORRUPT', from, 'literals repeat a Huffman table, but there is none before them');
    if (this.#streams === 1) {
      table.decode(input, from, this.end, output, at, this.count);
      return table;
    }
    if (from + JUMP_TABLE > this.end) input.fail('FRAME_CORRUPT', from, 'a literals section is too short for four streams');
    const second = from + JUMP_TABLE + input.view.getUint16(from, true);
    const third = second + input.view.getUint16(from + 2, true);
    const fourth = third + input.view.getUint16(from + 4, true);
    if (fourth > this.end) input.fail('FRAME_CORRUPT', from, 'the streams of a literals section run behind its end');
    const each = (this.count + 3) >>> 2;
    const last = this.count - 3 * each;
    if (last < 0) input.fail('FRAME_CORRUPT', from, `${this.count} literals cannot be split over four streams`);
    table.decode(input, from + JUMP_TABLE, second, output, at, each);
    table.decode(input, second, third, output, at + each, each);
    table.decode(input, third, fourth, output, at + 2 * each, each);
    table.decode(input, fourth, this.end, output, at + 3 * each, last);
    return table;
  }
}
