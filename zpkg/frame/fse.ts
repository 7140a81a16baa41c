import { highestBit, type PaddedBytes } from './padded-bytes.ts';

/** Largest number of symbols of any FSE alphabet in a zstd frame (match length codes: RFC 8878, 3.1.1.3.2.1). */
const LARGEST_ALPHABET = 53;
/** Largest accuracy log of any FSE table in a zstd frame (RFC 8878, 3.1.1.3.2.1). */
const LARGEST_ACCURACY_LOG = 9;

const symbolNext = new Uint16Array(LARGEST_ALPHABET);

/** Probabilities as a table description carries them: -1 stands for "less than 1". */
export class FseDistribution {
  readonly probabilities = new Int16Array(LARGEST_ALPHABET);
  /** Number of symbols described. */
  count = 0;
  /** log2 of the sum of all probabilities (-1 counting as 1). */
  accuracyLog = 0;

  /**
   * Reads a table description (RFC 8878, 4.1.1) that starts at byte `index`.
   *
   * @returns index of the byte after it
   * @throws FormatError FRAME_TRUNCATED, FRAME_BAD_ENTROPY_TABLE
   */
  read(input: PaddedBytes, index: number, largestLog: number, symbols: number): number {
    input.need(index + 1, 'an FSE table description');
    const view = input.view;
    const probabilities = this.probabilities;
    let bit = index * 8;
    const limit = input.end * 8;
    this.accuracyLog = (view.getUint8(index) & 15) + 5;
    bit += 4;
    if (this.accuracyLog > largestLog) {
      input.fail('FRAME_BAD_ENTROPY_TABLE', index, `FSE accuracy log ${this.accuracyLog}, at most ${largestLog} is allowed`);
    }
    let remaining = 1 << this.accuracyLog;
    let symbol = 0;
    while (remaining > 0) {
      if (symbol >= symbols) input.fail('FRAME_BAD_ENTROPY_TABLE', bit >>> 3, `FSE table describes more than ${symbols} symbols`);
      const width = highestBit(remaining + 1) + 1;
      const loaded = view.getUint32(bit >>> 3, true) >>> (bit & 7);
      const lowMask = (1 << (width - 1)) - 1;
      const shortCodes = (1 << width) - 2 - remaining;
      let value = loaded & lowMask;
      if (value < shortCodes) {
        bit += width - 1;
      } else {
        value = loaded & ((1 << width) - 1);
        if (value > lowMask) value -= shortCodes;
        bit += width;
      }
      const probability = value - 1;
      remaining -= probability < 0 ? 1 : probability;
      probabilities[symbol++] = probability;
      if (probability === 0) {
        let zeros = 3;
        while (zeros === 3) {
          zeros = (view.getUint16(bit >>> 3, true) >>> (bit & 7)) & 3;
          bit += 2;
          if (symbol + zeros > symbols) {
            input.fail('FRAME_BAD_ENTROPY_TABLE', bit >>> 3, `FSE table describes more than ${symbols} symbols`);
          }
          for (let i = 0; i < zeros; i++) probabilities[symbol++] = 0;
          if (bit > limit)
            input.fail('FRAME_TRUNCATED', input.end, 'an FSE table description runs behind the end of its section');
        }
      }
      if (bit > limit) input.fail('FRAME_TRUNCATED', input.end, 'an FSE table description runs behind the end of its section');
    }
    this.count = symbol;
    return (bit + 7) >>> 3;
  }
}

/**
 * An FSE decoding table, refillable. `entries[state]` = baseline of the next state << 16 | bits to read << 8 | symbol.
 */
export class FseTable {
  readonly entries: Uint32Array;
  accuracyLog = 0;

  constructor(largestLog: number = LARGEST_ACCURACY_LOG) {
    this.entries = new Uint32Array(1 << largestLog);
  }

  /** Makes the table of one symbol that needs no bits (RLE mode). */
  fillSingle(symbol: number): void {
    this.accuracyLog = 0;
    this.entries[0] = symbol;
  }

  /** Spreads a distribution over the states (RFC 8878, 4.1.1 "From normalized distribution to decoding tables"). */
  fill(distribution: FseDistribution): this {
    const { probabilities, count, accuracyLog } = distribution;
    const entries = this.entries;
    const size = 1 << accuracyLog;
    this.accuracyLog = accuracyLog;
    let last = size - 1;
    for (let symbol = 0; symbol < count; symbol++) {
      const probability = probabilities[symbol]!;
      if (probability < 0) {
        entries[last--] = symbol;
        symbolNext[symbol] = 1;
      } else {
        symbolNext[symbol] = probability;
      }
    }
    const step = (size >> 1) + (size >> 3) + 3;
    const mask = size - 1;
    let state = 0;
    for (let symbol = 0; symbol < count; symbol++) {
      for (let i = probabilities[symbol]!; i > 0; i--) {
        entries[state] = symbol;
        do state = (state + step) & mask;
        while (state > last);
      }
    }
    for (let index = 0; index < size; index++) {
      const symbol = entries[index]!;
      const next = symbolNext[symbol]!;
      symbolNext[symbol] = next + 1;
      const bits = accuracyLog - highestBit(next);
      entries[index] = (((next << bits) - size) << 16) | (bits << 8) | symbol;
    }
    return this;
  }
}

/** The decoding table of a fixed distribution. */
export function fixedTable(accuracyLog: number, probabilities: readonly number[]): FseTable {
  const distribution = new FseDistribution();
  distribution.accuracyLog = accuracyLog;
  distribution.count = probabilities.length;
  distribution.probabilities.set(probabilities);
  return new FseTable(accuracyLog).fill(distribution);
}
