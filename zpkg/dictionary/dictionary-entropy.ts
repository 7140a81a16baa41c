import { createHash } from 'node:crypto';
import type { Compressor } from '../container/codec.ts';
import { DICTIONARY_MAGIC, type Dictionary } from '../frame/dictionary.ts';
import { type FrameSymbols, parseFrame } from '../frame/frame.ts';
import { highestBit } from '../frame/padded-bytes.ts';
import {
  codeOf,
  literalLengthAlphabet,
  matchLengthAlphabet,
  offsetAlphabet,
  type SequenceAlphabet,
} from '../frame/sequence-codes.ts';
import { describeDistribution, fitDistribution } from './fse-writing.ts';
import { codeLengths, describeTree } from './huffman-writing.ts';

/** Repeat offsets that a formatted dictionary starts frames with: the format's own first ones (RFC 8878, 3.1.1.5). */
const REPEAT_OFFSETS = [1, 4, 8] as const;
/** zstd reuses a dictionary's offset table without a check when it covers the content and one largest block behind it. */
const REUSE_DISTANCE = 128 * 1024;
/** Ids below 32768 and from 2^31 are reserved for registered dictionaries (RFC 8878, 5). */
const FIRST_PRIVATE_ID = 32768;
const RESERVED_IDS = 2 ** 31;

/** How often each symbol of the four entropy codes occurs. Every count starts at 1: a table without a symbol could not be reused where it occurs. */
export class SymbolCounts {
  readonly literals = new Float64Array(256).fill(1);
  readonly literalLengths = new Float64Array(literalLengthAlphabet.codes).fill(1);
  readonly matchLengths = new Float64Array(matchLengthAlphabet.codes).fill(1);
  readonly offsets: Float64Array;
  sequences = 0;

  /** @param reach bytes of dictionary content */
  constructor(reach: number) {
    this.offsets = new Float64Array(highestBit(reach + REUSE_DISTANCE) + 1).fill(1);
  }

  /** Adds the symbols of one frame; repeated offsets are told by following the three last ones, as a writer does. */
  add(symbols: FrameSymbols): void {
    const { count, lengths, offsets } = symbols;
    for (const literal of symbols.literals) this.literals[literal] = this.literals[literal]! + 1;
    let repeats: readonly [number, number, number] = REPEAT_OFFSETS;
    let literalLength = 0;
    for (let i = 0; i < count; i++) {
      const offset = offsets[i]!;
      if (offset === 0) {
        literalLength++;
        continue;
      }
      const [first, second, third] = repeats;
      // Values 1 to 3 repeat (first, second, third), without literals before (second, third, first - 1): RFC 8878, 3.1.1.5.
      const candidates = literalLength > 0 ? [first, second, third] : [second, third, first - 1];
      const repeated = candidates.indexOf(offset);
      const value = repeated >= 0 ? repeated + 1 : offset + 3;
      if (offset === second) repeats = [second, first, third];
      else if (offset !== first) repeats = [offset, first, second];
      increment(this.offsets, codeOf(offsetAlphabet, value));
      increment(this.literalLengths, codeOf(literalLengthAlphabet, literalLength));
      increment(this.matchLengths, codeOf(matchLengthAlphabet, lengths[i]!));
      literalLength = 0;
      this.sequences++;
    }
  }
}

function increment(counts: Float64Array, code: number): void {
  // A code that the table does not cover (an offset over 128 KiB behind the content) leaves it as it is.
  if (code < counts.length) counts[code] = counts[code]! + 1;
}

/** Counts the symbols of the samples' frames. */
export function countSymbols(samples: readonly Uint8Array[], compressor: Compressor, dictionary: Dictionary): SymbolCounts {
  const counts = new SymbolCounts(dictionary.content.length);
  for (const sample of samples) counts.add(parseFrame(compressor.compress(sample), dictionary));
  return counts;
}

/**
 * Everything of a formatted dictionary that comes before its content: magic, id, tables fitted to the counts, repeat offsets.
 *
 * @returns undefined when the literals' Huffman tree cannot be written
 */
export function describeEntropy(counts: SymbolCounts, content: Uint8Array): Uint8Array | undefined {
  const tree = describeTree(codeLengths(counts.literals));
  if (tree === undefined) return undefined;
  const table = (alphabet: SequenceAlphabet, of: Float64Array): Uint8Array =>
    describeDistribution(fitDistribution(of, alphabet.largestLog));
  const start = Buffer.alloc(8);
  start.writeUInt32LE(DICTIONARY_MAGIC);
  start.writeUInt32LE(dictionaryId(content), 4);
  const repeats = Buffer.alloc(12);
  REPEAT_OFFSETS.forEach((offset, i) => {
    repeats.writeUInt32LE(offset, 4 * i);
  });
  return Buffer.concat([
    start,
    tree,
    table(offsetAlphabet, counts.offsets),
    table(matchLengthAlphabet, counts.matchLengths),
    table(literalLengthAlphabet, counts.literalLengths),
    repeats,
  ]);
}

/** An id that the content decides, so that training twice gives the same bytes. */
function dictionaryId(content: Uint8Array): number {
  const hash = createHash('sha256').update(content).digest().readUInt32LE();
  return FIRST_PRIVATE_ID + (hash % (RESERVED_IDS - FIRST_PRIVATE_ID));
}
