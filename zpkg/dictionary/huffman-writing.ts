import assert from 'node:assert/strict';
import { LARGEST_WEIGHT_LOG, LONGEST_LITERAL_CODE, WEIGHT_SYMBOLS } from '../frame/huffman.ts';
import { describeDistribution, encodeInterleaved, fitDistribution } from './fse-writing.ts';

/** Longest packed weights that a tree description can announce (RFC 8878, 4.2.1.1). */
const LARGEST_PACKED = 127;
/** Most weights that a description can carry unpacked, four bits each (RFC 8878, 4.2.1.1). */
const LARGEST_UNPACKED = 128;

/** A node of the package-merge lists: its weight and the symbols below it, one entry for each time a symbol occurs. */
interface Package {
  readonly weight: number;
  readonly symbols: readonly number[];
}

/**
 * Optimal lengths of prefix codes of at most `longest` bits (package-merge: Larmore and Hirschberg, 1990).
 *
 * @param counts how often each symbol occurs; 0 gets no code
 * @returns [counts] code length in bits, 0 for symbols that do not occur
 */
export function codeLengths(counts: ArrayLike<number>, longest: number = LONGEST_LITERAL_CODE): Uint8Array {
  const lengths = new Uint8Array(counts.length);
  const leaves: Package[] = Array.from(counts, (weight, symbol) => ({ weight, symbols: [symbol] }))
    .filter((leaf) => leaf.weight > 0)
    .sort((a, b) => a.weight - b.weight);
  assert.ok(leaves.length >= 2 && leaves.length <= 2 ** longest, `${leaves.length} symbols cannot have codes of ${longest} bits`);
  let row: Package[] = leaves;
  for (let level = 1; level < longest; level++) {
    const merged: Package[] = [];
    for (let i = 0; i + 1 < row.length; i += 2) {
      const [first, second] = [row[i]!, row[i + 1]!];
      merged.push({ weight: first.weight + second.weight, symbols: [...first.symbols, ...second.symbols] });
    }
    row = [...leaves, ...merged].sort((a, b) => a.weight - b.weight);
  }
  for (const node of row.slice(0, 2 * leaves.length - 2)) {
    for (const symbol of node.symbols) lengths[symbol] = lengths[symbol]! + 1;
  }
  return lengths;
}

/**
 * The tree description of these code lengths (RFC 8878, 4.2.1): what `HuffmanTable.read` reads.
 *
 * @returns undefined when the format has no room for it (weights that do not pack into 127 bytes)
 */
export function describeTree(lengths: Uint8Array): Uint8Array | undefined {
  const longest = Math.max(...lengths);
  const last = lengths.findLastIndex((length) => length > 0);
  // The weight of the last symbol is not written: the reader deduces it.
  const weights = Array.from(lengths.subarray(0, last), (length) => (length === 0 ? 0 : longest + 1 - length));
  const packed = packWeights(weights);
  if (packed !== undefined && packed.length <= LARGEST_PACKED) return Uint8Array.of(packed.length, ...packed);
  if (weights.length > LARGEST_UNPACKED) return undefined;
  const unpacked = new Uint8Array(1 + Math.ceil(weights.length / 2));
  unpacked[0] = 127 + weights.length;
  weights.forEach((weight, i) => {
    unpacked[1 + (i >>> 1)] = unpacked[1 + (i >>> 1)]! | ((i & 1) === 0 ? weight << 4 : weight);
  });
  return unpacked;
}

function packWeights(weights: readonly number[]): Uint8Array | undefined {
  const counts = new Uint32Array(WEIGHT_SYMBOLS);
  for (const weight of weights) counts[weight] = counts[weight]! + 1;
  // One weight only would need no bits, and a reader finds the end by running out of bits.
  if (counts.filter((count) => count > 0).length < 2) return undefined;
  const distribution = fitDistribution(counts, LARGEST_WEIGHT_LOG);
  return Uint8Array.of(...describeDistribution(distribution), ...encodeInterleaved(weights, distribution));
}
