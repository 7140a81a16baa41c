import type { SymbolBuffer } from './frame-symbols.ts';
import { FseDistribution, FseTable } from './fse.ts';
import { bitsAt, highestBit, type PaddedBytes } from './padded-bytes.ts';
import { literalLengthAlphabet, matchLengthAlphabet, offsetAlphabet, type SequenceAlphabet } from './sequence-codes.ts';

/** Symbol compression modes (RFC 8878, 3.1.1.3.2.1, table 15). */
const PREDEFINED = 0;
const RUN = 1;
const COMPRESSED = 2;

const distribution = new FseDistribution();

/** The table that one alphabet uses now, and the room for a table that a block brings along. */
class TableSlot {
  current: FseTable | null = null;
  readonly #own = new FseTable();
  readonly alphabet: SequenceAlphabet;

  constructor(alphabet: SequenceAlphabet) {
    this.alphabet = alphabet;
  }

  /** Reads the table description of `mode` at byte `index` and returns the index after it. */
  read(input: PaddedBytes, index: number, mode: number): number {
    const { alphabet } = this;
    if (mode === PREDEFINED) {
      this.current = alphabet.predefinedTable;
      return index;
    }
    if (mode === RUN) {
      input.need(index + 1, `the ${alphabet.name} code`);
      const code = input.bytes[index]!;
      if (code >= alphabet.codes)
        input.fail('FRAME_BAD_ENTROPY_TABLE', index, `${alphabet.name} code ${code}, the largest is ${alphabet.codes - 1}`);
      this.#own.fillSingle(code);
      this.current = this.#own;
      return index + 1;
    }
    if (mode === COMPRESSED) {
      const end = distribution.read(input, index, alphabet.largestLog, alphabet.codes);
      this.current = this.#own.fill(distribution);
      return end;
    }
    if (this.current === null)
      input.fail('FRAME_CORRUPT', index, `a block repeats the ${alphabet.name} table, but there is none before it`);
    return index;
  }
}

/** Decodes the sequences sections of a frame's blocks; tables and repeat offsets live from block to block. */
export class SequenceDecoder {
  readonly #literalLengths = new TableSlot(literalLengthAlphabet);
  readonly #offsets = new TableSlot(offsetAlphabet);
  readonly #matchLengths = new TableSlot(matchLengthAlphabet);
  #repeat1 = 1;
  #repeat2 = 4;
  #repeat3 = 8;
  /** Number of sequences of the block whose header was read last. */
  count = 0;
  #start = 0;

  /** Starts a frame: no tables and the repeat offsets 1, 4, 8 (RFC 8878, 3.1.1.5), or those of the dictionary. */
  reset(
    literalLengths: FseTable | null,
    offsets: FseTable | null,
    matchLengths: FseTable | null,
    repeats: readonly [number, number, number],
  ): void {
    this.#literalLengths.current = literalLengths;
    this.#offsets.current = offsets;
    this.#matchLengths.current = matchLengths;
    [this.#repeat1, this.#repeat2, this.#repeat3] = repeats;
  }

  /**
   * Reads the section's header and tables, which start at byte `index`.
   *
   * @throws FormatError FRAME_TRUNCATED, FRAME_CORRUPT, FRAME_BAD_ENTROPY_TABLE
   */
  readHeader(input: PaddedBytes, index: number): void {
    const { view } = input;
    input.need(index + 1, 'a sequences section header');
    const first = view.getUint8(index);
    let next = index + (first < 128 ? 1 : first < 255 ? 2 : 3);
    input.need(next, 'a sequences section header');
    if (first < 128) this.count = first;
    else if (first < 255) this.count = ((first - 128) << 8) + view.getUint8(index + 1);
    else this.count = view.getUint16(index + 1, true) + 0x7f00;
    if (this.count > 0) {
      input.need(next + 1, 'the compression modes of sequences');
      const modes = view.getUint8(next);
      if ((modes & 3) !== 0) input.fail('FRAME_CORRUPT', next, 'reserved bits of the compression modes are set');
      next = this.#literalLengths.read(input, next + 1, modes >>> 6);
      next = this.#offsets.read(input, next, (modes >>> 4) & 3);
      next = this.#matchLengths.read(input, next, (modes >>> 2) & 3);
    } else if (next !== input.end) {
      input.fail('FRAME_CORRUPT', next, `${input.end - next} bytes after a block without sequences`);
    }
    this.#start = next;
  }

  /**
   * Appends the block's symbols: for every sequence its literals (preset by `startBlock`) and its match, then the literals left over.
   *
   * @param literals number of literals of the block, already in `output`
   * @param reach bytes of dictionary content that a match may go back to beyond the frame's own
   * @param largest decompressed bytes that the block may have
   * @throws FormatError FRAME_CORRUPT, FRAME_BAD_OFFSET
   */
  decode(input: PaddedBytes, output: SymbolBuffer, literals: number, reach: number, largest: number): void {
    const start = output.size;
    const literalsLeft = this.count === 0 ? literals : this.#decodeSequences(input, output, literals, reach, largest);
    output.count += literalsLeft;
    output.size += literalsLeft;
    output.literalCount += literals;
    if (output.size - start > largest) {
      input.fail('FRAME_CORRUPT', input.start, `a block of ${output.size - start} bytes, at most ${largest} are allowed`);
    }
  }

  #decodeSequences(input: PaddedBytes, output: SymbolBuffer, literals: number, reach: number, largest: number): number {
    const { view, bytes, end } = input;
    const { lengths, offsets } = output;
    const literalTable = this.#literalLengths.current!;
    const offsetTable = this.#offsets.current!;
    const matchTable = this.#matchLengths.current!;
    const literalEntries = literalTable.entries;
    const offsetEntries = offsetTable.entries;
    const matchEntries = matchTable.entries;
    const literalBaselines = literalLengthAlphabet.baselines;
    const literalBits = literalLengthAlphabet.extraBits;
    const matchBaselines = matchLengthAlphabet.baselines;
    const matchBits = matchLengthAlphabet.extraBits;
    const stop = this.#start * 8;
    if (this.#start >= end || bytes[end - 1] === 0) input.fail('FRAME_CORRUPT', end, 'the sequences have no end mark');
    let bit = (end - 1) * 8 + highestBit(bytes[end - 1]!);

    if (bit - literalTable.accuracyLog - offsetTable.accuracyLog - matchTable.accuracyLog < stop) {
      input.fail('FRAME_CORRUPT', this.#start, 'the sequences are too short for their states');
    }
    bit -= literalTable.accuracyLog;
    let literalState = bitsAt(view, bit, literalTable.accuracyLog);
    bit -= offsetTable.accuracyLog;
    let offsetState = bitsAt(view, bit, offsetTable.accuracyLog);
    bit -= matchTable.accuracyLog;
    let matchState = bitsAt(view, bit, matchTable.accuracyLog);

    let repeat1 = this.#repeat1;
    let repeat2 = this.#repeat2;
    let repeat3 = this.#repeat3;
    let symbol = output.count;
    let size = output.size;
    const sizeLimit = size + largest;
    let literalsLeft = literals;

    for (let left = this.count; left > 0; left--) {
      const literalEntry = literalEntries[literalState]!;
      const offsetEntry = offsetEntries[offsetState]!;
      const matchEntry = matchEntries[matchState]!;

      const offsetCode = offsetEntry & 255;
      bit -= offsetCode;
      // Over 25 bits do not fit one load, and 2^31 and more is no 32-bit integer.
      const offsetValue =
        offsetCode <= 24
          ? (1 << offsetCode) + bitsAt(view, bit, offsetCode)
          : 2 ** offsetCode + bitsAt(view, bit + 16, offsetCode - 16) * 65536 + bitsAt(view, bit, 16);
      const matchCode = matchEntry & 255;
      const matchWidth = matchBits[matchCode]!;
      bit -= matchWidth;
      const matchLength = matchBaselines[matchCode]! + bitsAt(view, bit, matchWidth);
      const literalCode = literalEntry & 255;
      const literalWidth = literalBits[literalCode]!;
      bit -= literalWidth;
      const literalLength = literalBaselines[literalCode]! + bitsAt(view, bit, literalWidth);
      if (left > 1) {
        const literalStep = (literalEntry >>> 8) & 255;
        bit -= literalStep;
        literalState = (literalEntry >>> 16) + bitsAt(view, bit, literalStep);
        const matchStep = (matchEntry >>> 8) & 255;
        bit -= matchStep;
        matchState = (matchEntry >>> 16) + bitsAt(view, bit, matchStep);
        const offsetStep = (offsetEntry >>> 8) & 255;
        bit -= offsetStep;
        offsetState = (offsetEntry >>> 16) + bitsAt(view, bit, offsetStep);
      }
      if (bit < stop) input.fail('FRAME_CORRUPT', this.#start, 'the sequences end before their last one');

      let offset: number;
      if (offsetValue > 3) {
        offset = offsetValue - 3;
        repeat3 = repeat2;
        repeat2 = repeat1;
        repeat1 = offset;
      } else {
        // Without literals before it a match cannot repeat the last offset (it would have been one match): codes move on by one.
        const back = literalLength === 0 ? offsetValue : offsetValue - 1;
        if (back === 0) {
          offset = repeat1;
        } else {
          offset = back === 1 ? repeat2 : back === 2 ? repeat3 : repeat1 - 1;
          if (back !== 1) repeat3 = repeat2;
          repeat2 = repeat1;
          repeat1 = offset;
        }
      }

      literalsLeft -= literalLength;
      symbol += literalLength;
      size += literalLength;
      if (literalsLeft < 0)
        input.fail('FRAME_CORRUPT', bit >>> 3, `sequences use ${-literalsLeft} literals more than the block has`);
      if (offset === 0 || offset > size + reach) {
        input.fail(
          'FRAME_BAD_OFFSET',
          bit >>> 3,
          `a match ${offset} bytes back, where ${size + reach} bytes (dictionary included) lie before it`,
        );
      }
      size += matchLength;
      if (size > sizeLimit) input.fail('FRAME_CORRUPT', bit >>> 3, `a block of more than the ${largest} bytes allowed`);
      lengths[symbol] = matchLength;
      offsets[symbol] = offset;
      symbol++;
    }
    if (bit !== stop) input.fail('FRAME_CORRUPT', this.#start, `${bit - stop} bits are left after the last sequence`);

    this.#repeat1 = repeat1;
    this.#repeat2 = repeat2;
    this.#repeat3 = repeat3;
    output.count = symbol;
    output.size = size;
    return literalsLeft;
  }
}
