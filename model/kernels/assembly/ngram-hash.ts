// AssemblyScript, compiled into ../row-kernels.wasm by way of row-kernels.ts: BLT's rolling hash of n-grams in 64-bit integers.

/** From so many rows on, a quotient that is computed in float64 is off by less than a half before it is rounded. */
const ROWS_FOR_FLOAT_QUOTIENT: i32 = 8192;
/** 1.5 * 2^52: the sum with a float64 of at most 2^51 has the nearest integer in its low bits. */
const ROUNDER: f64 = 6755399441055744.0;

/** `wanted` of BLT's sizes, 3 to 8. */
const BLT_SIZES: i32 = 0b1111110;

/** Floor modulo by integer division. */
function floorModulo(hash: i64, rows: i64): i32 {
  const remainder = hash % rows;
  return <i32>(remainder + (rows & (remainder >> 63)));
}

/**
 * Floor modulo by a reciprocal, which needs no division of 64 bits (20 to 90 cycles on processors before 2020). For at least ROWS_FOR_FLOAT_QUOTIENT rows, |hash| * inverse is off
 * by at most 2^63 / rows * 3 * 2^-53 < 1/2, so that the nearest integer leaves a remainder between -rows and rows; its low 32 bits are all of it.
 */
function floorModuloByReciprocal(hash: i64, rows: i32, inverse: f64): i32 {
  const quotient = <i32>reinterpret<i64>(<f64>hash * inverse + ROUNDER);
  const remainder = <i32>hash - quotient * rows;
  return remainder + (rows & (remainder >> 31));
}

/** hashSegments for one segment, BLT's sizes and at least ROWS_FOR_FLOAT_QUOTIENT rows, without loops over sizes: 120 MB/s where those make 73. */
function hashBltSizes(ids: usize, from: i32, to: i32, prime: i64, rows: i32, inverse: f64, output: usize): void {
  let target = output;
  for (let position = from; position < to; position++, target += 24) {
    const last = ids + ((<usize>position) << 1);
    let hash = <i64>load<u16>(last);
    hash = hash * prime + <i64>load<u16>(last - 2);
    hash = hash * prime + <i64>load<u16>(last - 4);
    store<i32>(target, floorModuloByReciprocal(hash, rows, inverse));
    hash = hash * prime + <i64>load<u16>(last - 6);
    store<i32>(target, floorModuloByReciprocal(hash, rows, inverse), 4);
    hash = hash * prime + <i64>load<u16>(last - 8);
    store<i32>(target, floorModuloByReciprocal(hash, rows, inverse), 8);
    hash = hash * prime + <i64>load<u16>(last - 10);
    store<i32>(target, floorModuloByReciprocal(hash, rows, inverse), 12);
    hash = hash * prime + <i64>load<u16>(last - 12);
    store<i32>(target, floorModuloByReciprocal(hash, rows, inverse), 16);
    hash = hash * prime + <i64>load<u16>(last - 14);
    store<i32>(target, floorModuloByReciprocal(hash, rows, inverse), 20);
  }
}

/**
 * Rows of the n-grams of every wanted size that end in stretches of a sequence.
 *
 * @param ids uint16 ids of the sequence; `longest` zeros stand before them
 * @param segments [count, 3] int32: first position, position behind the last, and the position in `output` of the first
 * @param wanted bit n - 2 is set when size n is wanted
 * @param longest largest wanted size
 * @param width sizes that are wanted
 * @param output [positions, width] int32
 */
export function hashSegments(
  ids: usize,
  segments: usize,
  count: i32,
  wanted: i32,
  longest: i32,
  width: i32,
  prime: i64,
  rows: i32,
  output: usize,
): void {
  const inverse = 1.0 / <f64>rows;
  const byReciprocal = rows >= ROWS_FOR_FLOAT_QUOTIENT;
  for (let segment = 0; segment < count; segment++, segments += 12) {
    const from = load<i32>(segments);
    const to = load<i32>(segments, 4);
    let target = output + ((<usize>load<i32>(segments, 8) * width) << 2);
    if (wanted === BLT_SIZES && byReciprocal) {
      hashBltSizes(ids, from, to, prime, rows, inverse, target);
      continue;
    }
    for (let position = from; position < to; position++) {
      const last = ids + ((<usize>position) << 1);
      const end = last - ((<usize>longest) << 1);
      let hash = <i64>load<u16>(last);
      let sizes = wanted;
      for (let at = last - 2; at > end; at -= 2, sizes >>= 1) {
        hash = hash * prime + <i64>load<u16>(at);
        if (!(sizes & 1)) continue;
        store<i32>(target, byReciprocal ? floorModuloByReciprocal(hash, rows, inverse) : floorModulo(hash, <i64>rows));
        target += 4;
      }
    }
  }
}
