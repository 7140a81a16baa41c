import { FseDistribution, FseTable } from './fse.ts';
import { highestBit, type PaddedBytes } from './padded-bytes.ts';

/** Longest Huffman code of literals (RFC 8878, 4.2.1). */
export const LONGEST_LITERAL_CODE = 11;
/** Largest accuracy log of the FSE table that Huffman weights are coded with (RFC 8878, 4.2.1.2). */
export const LARGEST_WEIGHT_LOG = 6;
/** Alphabet of Huffman weights: 0 (absent) to the longest code. */
export const WEIGHT_SYMBOLS = LONGEST_LITERAL_CODE + 1;

const weights = new Uint8Array(256);
const weightCounts = new Uint32Array(16);
const weightStarts = new Uint32Array(16);
const weightDistribution = new FseDistribution();
const weightTable = new FseTable(LARGEST_WEIGHT_LOG);

/** A Huffman decoding table, refillable. `entries[next bits]` = bits of the code << 8 | literal byte. */
export class HuffmanTable {
  readonly entries = new Uint16Array(1 << LONGEST_LITERAL_CODE);
  /** Length of the longest code = number of bits that index `entries`. */
  longestCode = 0;

  /**
   * Reads a tree description (RFC 8878, 4.2.1) that starts at byte `index`.
   *
   * @returns index of the byte after it
   * @throws FormatError FRAME_TRUNCATED, FRAME_BAD_ENTROPY_TABLE
   */
  read(input: PaddedBytes, index: number): number {
    input.need(index + 1, 'a Huffman tree description');
    const header = input.bytes[index]!;
    if (header < 128) {
      const end = index + 1 + header;
      input.need(end, 'a Huffman tree description');
      this.#fill(input, index, readPackedWeights(input, index + 1, end));
      return end;
    }
    const count = header - 127;
    const end = index + 1 + ((count + 1) >>> 1);
    input.need(end, 'a Huffman tree description');
    for (let i = 0; i < count; i++) {
      const pair = input.bytes[index + 1 + (i >>> 1)]!;
      weights[i] = (i & 1) === 0 ? pair >>> 4 : pair & 15;
    }
    this.#fill(input, index, count);
    return end;
  }

  /** Decodes one stream `[from, to)` of `count` literals into `output` at `at`; the stream must be used up exactly. */
  decode(input: PaddedBytes, from: number, to: number, output: Uint8Array, at: number, count: number): void {
    const { view, bytes } = input;
    const entries = this.entries;
    const width = this.longestCode;
    const mask = (1 << width) - 1;
    const stop = from * 8;
    if (to <= from || bytes[to - 1] === 0) input.fail('FRAME_CORRUPT', to, 'a Huffman stream has no end mark');
    let bit = (to - 1) * 8 + highestBit(bytes[to - 1]!);
    const end = at + count;
    let index = at;
    // A 32-bit load holds at least 25 usable bits: two codes. Bits below the stream's start select among entries of one code only.
    for (const pairs = end - 1; index < pairs; index += 2) {
      const base = bit - 24;
      if (base < stop) break;
      const loaded = view.getUint32(base >>> 3, true) >>> (base & 7);
      const first = entries[(loaded >>> (24 - width)) & mask]!;
      output[index] = first;
      const used = first >>> 8;
      const second = entries[(loaded >>> (24 - width - used)) & mask]!;
      output[index + 1] = second;
      bit -= used + (second >>> 8);
    }
    for (; index < end; index++) {
      const base = bit - width;
      const entry = entries[(view.getUint32(base >>> 3, true) >>> (base & 7)) & mask]!;
      output[index] = entry;
      bit -= entry >>> 8;
      if (bit < stop) input.fail('FRAME_CORRUPT', from, 'a Huffman stream ends before its last literal');
    }
    if (bit !== stop) input.fail('FRAME_CORRUPT', from, `a Huffman stream has ${bit - stop} bits left after its last literal`);
  }

  #fill(input: PaddedBytes, index: number, described: number): void {
    weightCounts.fill(0);
    let total = 0;
    for (let i = 0; i < described; i++) {
      const weight = weights[i]!;
      if (weight > LONGEST_LITERAL_CODE)
        input.fail('FRAME_BAD_ENTROPY_TABLE', index, `Huffman weight ${weight} is over ${LONGEST_LITERAL_CODE}`);
      weightCounts[weight] = weightCounts[weight]! + 1;
      total += (1 << weight) >> 1;
    }
    if (total === 0) input.fail('FRAME_BAD_ENTROPY_TABLE', index, 'all Huffman weights are zero');
    const longest = highestBit(total) + 1;
    if (longest > LONGEST_LITERAL_CODE) {
      input.fail(
        'FRAME_BAD_ENTROPY_TABLE',
        index,
        `Huffman codes of ${longest} bits, at most ${LONGEST_LITERAL_CODE} are allowed`,
      );
    }
    // The last weight is not stored: it fills the code space up to a power of two.
    const rest = (1 << longest) - total;
    const lastWeight = highestBit(rest) + 1;
    if (1 << (lastWeight - 1) !== rest)
      input.fail('FRAME_BAD_ENTROPY_TABLE', index, 'Huffman weights do not add up to a power of two');
    weights[described] = lastWeight;
    weightCounts[lastWeight] = weightCounts[lastWeight]! + 1;
    if (weightCounts[1]! < 2)
      input.fail('FRAME_BAD_ENTROPY_TABLE', index, 'Huffman weights leave a longest code without its sibling');
    let start = 0;
    for (let weight = 1; weight <= longest; weight++) {
      weightStarts[weight] = start;
      start += weightCounts[weight]! << (weight - 1);
    }
    for (let symbol = 0; symbol <= described; symbol++) {
      const weight = weights[symbol]!;
      if (weight === 0) continue;
      const first = weightStarts[weight]!;
      const after = first + (1 << (weight - 1));
      this.entries.fill(((longest + 1 - weight) << 8) | symbol, first, after);
      weightStarts[weight] = after;
    }
    this.longestCode = longest;
  }
}

/** Decodes FSE-packed weights (two interleaved states, read backwards) from `[from, to)` into `weights`; returns how many. */
function readPackedWeights(input: PaddedBytes, from: number, to: number): number {
  const { view, bytes } = input;
  const start = weightDistribution.read(input, from, LARGEST_WEIGHT_LOG, WEIGHT_SYMBOLS);
  if (start >= to || bytes[to - 1] === 0) input.fail('FRAME_BAD_ENTROPY_TABLE', from, 'packed Huffman weights have no end mark');
  const { entries, accuracyLog } = weightTable.fill(weightDistribution);
  const stop = start * 8;
  let bit = (to - 1) * 8 + highestBit(bytes[to - 1]!) - 2 * accuracyLog;
  if (bit < stop) input.fail('FRAME_BAD_ENTROPY_TABLE', from, 'packed Huffman weights are too short for their states');
  const states = view.getUint32(bit >>> 3, true) >>> (bit & 7);
  let current = (states >>> accuracyLog) & ((1 << accuracyLog) - 1);
  let other = states & ((1 << accuracyLog) - 1);
  let count = 0;
  for (;;) {
    // 255 at most: the 256th weight is deduced.
    if (count >= 255) input.fail('FRAME_BAD_ENTROPY_TABLE', from, 'more than 255 packed Huffman weights');
    const entry = entries[current]!;
    weights[count++] = entry & 255;
    const width = (entry >>> 8) & 255;
    bit -= width;
    if (bit < stop) break;
    const next = (entry >>> 16) + ((view.getUint32(bit >>> 3, true) >>> (bit & 7)) & ((1 << width) - 1));
    current = other;
    other = next;
  }
  if (count >= 255) input.fail('FRAME_BAD_ENTROPY_TABLE', from, 'more than 255 packed Huffman weights');
  weights[count++] = entries[other]! & 255;
  return count;
}
