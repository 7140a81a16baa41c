const LARGEST_INT8 = 127;

/**
 * Writes a vector as 8-bit integers, in steps of a 127th of its largest value.
 *
 * @param vector [dimension] finite values
 * @param values [dimension]: where the integers go
 * @returns the scale: what an integer is multiplied by; 0 for a vector of zeros
 */
export function quantiseRow(vector: Float32Array, values: Int8Array): number {
  let largest = 0;
  for (let index = 0; index < vector.length; index++) largest = Math.max(largest, Math.abs(vector[index]!));
  const factor = largest > 0 ? LARGEST_INT8 / largest : 0;
  for (let index = 0; index < vector.length; index++) values[index] = Math.round(vector[index]! * factor);
  return Math.fround(largest / LARGEST_INT8);
}

/** The numbers that integers and their scale stand for, written from `start` on. */
export function readRow(values: Int8Array, scale: number, into: Float32Array, start = 0): void {
  for (let index = 0; index < values.length; index++) into[start + index] = values[index]! * scale;
}
