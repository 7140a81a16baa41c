import { CemError, fromHalf, toHalf } from '../../base/index.ts';
import type { NamedArray, StoredArray } from './safetensors.ts';

/** What the weights of the graph can be stored as. */
export const DENSE_PRECISIONS = ['fp32', 'fp16'] as const;
export type DensePrecision = (typeof DENSE_PRECISIONS)[number];

/**
 * What tables can be stored as. `int8`: whole numbers from -127 to 127, and a float32 for each row that they are multiplied by. `int4`: the same from -7 to 7, two in a byte; small tables, such as
 * that of the bytes, whose rows count in every text, stay int8.
 */
export const TABLE_PRECISIONS = ['fp32', 'fp16', 'int8', 'int4'] as const;
export type TablePrecision = (typeof TABLE_PRECISIONS)[number];

/** Largest magnitude of a stored int8; -128 is not used, so that signs are alike. */
const LARGEST_INT8 = 127;
const LARGEST_INT4 = 7;
/** What is added to a number of int4, so that it is none below zero: -7 to 7 are 1 to 15. */
const INT4_OFFSET = 8;
/** Tables of so few rows are int8 where the others are int4. */
const SMALL_TABLE = 1000;
/** Shares of a row's largest magnitude that stand for 7: with a smaller one large numbers are cut and the others are finer. That with the smallest squared error is taken. */
const INT4_RANGES = [1, 0.9, 0.8, 0.7, 0.6];

/** Name of the array [rows] of F32 that the rows of an I8 or U8 table are multiplied by. */
export function scaleName(table: string): string {
  return `${table}.scale`;
}

/**
 * Arrays as float32 or float16, by their names.
 *
 * @throws CemError `EXPORT_PRECISION` for a number that float16 does not hold (beyond 65504)
 */
export function storeDense(
  arrays: ReadonlyMap<string, NamedArray>,
  precision: DensePrecision,
): Map<string, NamedArray | StoredArray> {
  if (precision === 'fp32') return new Map(arrays);
  return new Map(Array.from(arrays, ([name, { shape, data }]) => [name, { shape, dtype: 'F16', bytes: halves(name, data) }]));
}

/**
 * Tables as float32, float16, int8 or int4, by their names; those of whole numbers bring `<name>.scale`.
 *
 * @throws as `storeDense`
 */
export function storeTables(
  tables: ReadonlyMap<string, NamedArray>,
  precision: TablePrecision,
): Map<string, NamedArray | StoredArray> {
  if (precision !== 'int8' && precision !== 'int4') return storeDense(tables, precision);
  const stored = new Map<string, NamedArray | StoredArray>();
  for (const [name, { shape, data }] of tables) {
    const [rows, dimension] = shape as [number, number];
    const scales = new Float32Array(rows);
    if (precision === 'int4' && rows > SMALL_TABLE) {
      stored.set(name, { shape: [rows, dimension / 2], dtype: 'U8', bytes: packInt4Rows(name, data, scales, dimension) });
      stored.set(scaleName(name), { shape: [rows], data: scales });
      continue;
    }
    const bytes = new Int8Array(data.length);
    for (let row = 0; row < rows; row++) {
      const values = data.subarray(row * dimension, (row + 1) * dimension);
      const largest = values.reduce((found, value) => Math.max(found, Math.abs(value)), 0);
      if (!Number.isFinite(largest)) throw notHeld(name, largest, 'int8');
      scales[row] = largest / LARGEST_INT8;
      const scale = scales[row]!;
      // Of a row of zeros, and of one too small for a scale, zeros stay.
      if (scale === 0) continue;
      values.forEach((value, column) => {
        bytes[row * dimension + column] = Math.max(-LARGEST_INT8, Math.min(LARGEST_INT8, Math.round(value / scale)));
      });
    }
    stored.set(name, { shape, dtype: 'I8', bytes: new Uint8Array(bytes.buffer) });
    stored.set(scaleName(name), { shape: [rows], data: scales });
  }
  return stored;
}

let valuesOfHalves: Float32Array | undefined;

/** The numbers of float16 bits, as many as `target` holds. */
export function readHalves(bits: Uint16Array, target: Float32Array): void {
  // There are 65,536 halves: looking one up takes a tenth of the time of working it out.
  valuesOfHalves ??= Float32Array.from({ length: 2 ** 16 }, (_, half) => fromHalf(half));
  for (let index = 0; index < target.length; index++) target[index] = valuesOfHalves[bits[index]!]!;
}

/** Rows of int8 [rows, dimension] times their scales [rows]. */
export function readInt8Rows(bytes: Int8Array, scales: Float32Array, dimension: number, target: Float32Array): void {
  for (let row = 0; row < scales.length; row++) {
    const scale = scales[row]!;
    for (let index = row * dimension; index < (row + 1) * dimension; index++) target[index] = scale * bytes[index]!;
  }
}

/** [rows, dimension / 2] of int4; fills in the rows' scales. The lower half of a byte is the number that comes first. */
function packInt4Rows(name: string, data: Float32Array, scales: Float32Array, dimension: number): Uint8Array {
  const bytes = new Uint8Array(data.length / 2);
  const levels = new Int8Array(dimension);
  for (let row = 0; row < scales.length; row++) {
    const values = data.subarray(row * dimension, (row + 1) * dimension);
    const largest = values.reduce((found, value) => Math.max(found, Math.abs(value)), 0);
    if (!Number.isFinite(largest)) throw notHeld(name, largest, 'int4');
    scales[row] = int4Scale(values, largest);
    const scale = scales[row]!;
    for (let column = 0; column < dimension; column++) levels[column] = scale === 0 ? 0 : int4Level(values[column]!, scale);
    for (let pair = 0; pair < dimension / 2; pair++) {
      bytes[(row * dimension) / 2 + pair] = (levels[2 * pair]! + INT4_OFFSET) | ((levels[2 * pair + 1]! + INT4_OFFSET) << 4);
    }
  }
  return bytes;
}

function int4Level(value: number, scale: number): number {
  return Math.max(-LARGEST_INT4, Math.min(LARGEST_INT4, Math.round(value / scale)));
}

/** The scale of a row with the smallest squared error, as float32 has it. */
function int4Scale(values: Float32Array, largest: number): number {
  let [best, least] = [0, Number.POSITIVE_INFINITY];
  for (const range of INT4_RANGES) {
    const scale = Math.fround((range * largest) / LARGEST_INT4);
    if (scale === 0) return 0;
    const error = values.reduce((sum, value) => sum + (value - scale * int4Level(value, scale)) ** 2, 0);
    if (error < least) [best, least] = [scale, error];
  }
  return best;
}

/** Rows of int4 [rows, dimension / 2 bytes] times their scales [rows]. */
export function readInt4Rows(bytes: Uint8Array, scales: Float32Array, dimension: number, target: Float32Array): void {
  for (let row = 0; row < scales.length; row++) {
    const scale = scales[row]!;
    for (let index = row * dimension; index < (row + 1) * dimension; index += 2) {
      const pair = bytes[index / 2]!;
      target[index] = scale * ((pair & 15) - INT4_OFFSET);
      target[index + 1] = scale * ((pair >> 4) - INT4_OFFSET);
    }
  }
}

function halves(name: string, data: Float32Array): Uint8Array {
  const bits = Uint16Array.from(data, toHalf);
  const lost = data.find((_value, index) => !Number.isFinite(fromHalf(bits[index]!)));
  if (lost !== undefined) throw notHeld(name, lost, 'float16');
  return new Uint8Array(bits.buffer);
}

function notHeld(name: string, value: number, type: string): CemError {
  return new CemError(
    'EXPORT_PRECISION',
    `the weight "${name}" holds ${value}, which ${type} does not; export it as fp32, or train it again`,
    { details: { name, value } },
  );
}
