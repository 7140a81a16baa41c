import assert from 'node:assert/strict';
import { Rotation } from './rotation.ts';

/** The rotation is part of what a stored code means: another seed would make other codes. */
const SEED = 1;
/** Half bytes have 16 values. */
const ENTRIES = 16;
/** What a table's entry may be: the sum of two is a byte. */
const LARGEST_ENTRY = 127;
/** What a row's sum may be: it is counted in 16 bits. */
const LARGEST_SUM = 65_535;

const rotations = new Map<number, Rotation>();

function rotationOf(dimension: number): Rotation {
  let rotation = rotations.get(dimension);
  if (rotation === undefined) {
    rotation = new Rotation(dimension, SEED);
    rotations.set(dimension, rotation);
  }
  return rotation;
}

/** Bytes of the code of a vector of so many values. */
export const codeBytes = (dimension: number): number => Math.ceil(dimension / 8);

/**
 * A vector's binary code: the signs of its rotated values, a set bit for a positive one (RaBitQ, arXiv 2405.12497, without a centre and without its correction factor:
 * docs/decisions/009-binary-codes.md has the figures). The first value is the highest bit of the first byte, as in PostgreSQL's `bit`.
 *
 * @returns [ceil(dimension / 8)]
 */
export function binaryCode(vector: Float32Array): Uint8Array {
  const rotated = rotationOf(vector.length).apply(vector);
  const code = new Uint8Array(codeBytes(vector.length));
  for (let index = 0; index < rotated.length; index++) if (rotated[index]! > 0) code[index >> 3]! |= 0x80 >> (index & 7);
  return code;
}

/**
 * A query against codes: what each half byte of a code adds to its inner product with the query. The query's own values count, not only their signs: among a code's nearest
 * rows that finds far more of the exact ones than the Hamming distance does.
 *
 * @param vector [dimension], not all zeros
 * @returns [bytes, 2, 16] of at most 127: entry e of a half is its sum of the rotated query's values, those of unset bits negative, in steps that are the same everywhere and from
 *   the half's lowest sum on
 */
export function queryTables(vector: Float32Array): Uint8Array {
  const rotated = rotationOf(vector.length).apply(vector);
  const halves = 2 * codeBytes(vector.length);
  // What a half can add at most: twice its magnitudes.
  const ranges = Float64Array.from({ length: halves }, (_, half) => {
    let range = 0;
    for (let bit = 0; bit < 4; bit++) range += 2 * Math.abs(rotated[4 * half + bit] ?? 0);
    return range;
  });
  const all = ranges.reduce((sum, range) => sum + range, 0);
  const largest = ranges.reduce((most, range) => Math.max(most, range), 0);
  assert.ok(largest > 0, 'a query of zeros has no direction');
  // Rounding may add a half to every entry.
  const step = Math.max(largest / LARGEST_ENTRY, all / (LARGEST_SUM - halves));
  const tables = new Uint8Array(halves * ENTRIES);
  for (let half = 0; half < halves; half++) {
    for (let entry = 0; entry < ENTRIES; entry++) {
      let sum = 0;
      for (let bit = 0; bit < 4; bit++) {
        const value = rotated[4 * half + bit] ?? 0;
        // Both signs counted from the lower one on.
        if (value > 0 === ((entry & (8 >> bit)) !== 0)) sum += 2 * Math.abs(value);
      }
      tables[half * ENTRIES + entry] = Math.round(sum / step);
    }
  }
  return tables;
}
