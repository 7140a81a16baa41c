import { CemError, fromHalf, toHalf } from '../../base/index.ts';
import type { NamedArray, StoredArray } from './safetensors.ts';

/** What the weights of the graph can be stored as. */
export const DENSE_PRECISIONS = ['fp32', 'fp16'] as const;
export type DensePrecision = (typeof DENSE_PRECISIONS)[number];

/** What tables can be stored as. `int8`: whole numbers from -127 to 127, and a float32 for each row that they are multiplied by. */
export const TABLE_PRECISIONS = ['fp32', 'fp16', 'int8'] as const;
export type TablePrecision = (typeof TABLE_PRECISIONS)[number];

/** Largest magnitude of a stored int8; -128 is not used, so that signs are alike. */
const LARGEST_INT8 = 127;

/** Name of the array [rows] of F32 that the rows of an I8 table are multiplied by. */
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
 * Tables as float32, float16 or int8, by their names; those of int8 bring `<name>.scale`.
 *
 * @throws as `storeDense`
 */
export function storeTables(
  tables: ReadonlyMap<string, NamedArray>,
  precision: TablePrecision,
): Map<string, NamedArray | StoredArray> {
  if (precision !== 'int8') return storeDense(tables, precision);
  const stored = new Map<string, NamedArray | StoredArray>();
  for (const [name, { shape, data }] of tables) {
    const [rows, dimension] = shape as [number, number];
    const scales = new Float32Array(rows);
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
