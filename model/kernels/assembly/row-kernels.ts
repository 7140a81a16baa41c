// AssemblyScript (compiled by `npm run kernels` to ../row-kernels.wasm, which is committed): the inner loops over table rows, with SIMD.
// All arguments are byte addresses in the shared memory, or counts. Rows are `dimension` float32, a multiple of 8.
// The plain JavaScript twins stand in ../plain-row-kernels.ts; a test compares both, bit by bit.

export { hashSegments } from './ngram-hash';

/** Adds to each symbol's place in `output` the table rows of its positions. */
export function sumRows(
  table: usize,
  rows: usize,
  starts: usize,
  places: usize,
  symbols: i32,
  dimension: i32,
  output: usize,
): void {
  const stride = (<usize>dimension) << 2;
  for (let symbol = 0; symbol < symbols; symbol++) {
    const from = rows + ((<usize>load<i32>(starts + ((<usize>symbol) << 2))) << 2);
    const to = rows + ((<usize>load<i32>(starts + ((<usize>symbol) << 2), 4)) << 2);
    const place = output + <usize>load<i32>(places + ((<usize>symbol) << 2)) * stride;
    let d: usize = 0;
    for (; d + 128 <= stride; d += 128) {
      const at = place + d;
      let s0 = v128.load(at);
      let s1 = v128.load(at, 16);
      let s2 = v128.load(at, 32);
      let s3 = v128.load(at, 48);
      let s4 = v128.load(at, 64);
      let s5 = v128.load(at, 80);
      let s6 = v128.load(at, 96);
      let s7 = v128.load(at, 112);
      for (let position = from; position < to; position += 4) {
        const row = table + <usize>load<i32>(position) * stride + d;
        s0 = f32x4.add(s0, v128.load(row));
        s1 = f32x4.add(s1, v128.load(row, 16));
        s2 = f32x4.add(s2, v128.load(row, 32));
        s3 = f32x4.add(s3, v128.load(row, 48));
        s4 = f32x4.add(s4, v128.load(row, 64));
        s5 = f32x4.add(s5, v128.load(row, 80));
        s6 = f32x4.add(s6, v128.load(row, 96));
        s7 = f32x4.add(s7, v128.load(row, 112));
      }
      v128.store(at, s0);
      v128.store(at, s1, 16);
      v128.store(at, s2, 32);
      v128.store(at, s3, 48);
      v128.store(at, s4, 64);
      v128.store(at, s5, 80);
      v128.store(at, s6, 96);
      v128.store(at, s7, 112);
    }
    for (; d < stride; d += 32) {
      const at = place + d;
      let s0 = v128.load(at);
      let s1 = v128.load(at, 16);
      for (let position = from; position < to; position += 4) {
        const row = table + <usize>load<i32>(position) * stride + d;
        s0 = f32x4.add(s0, v128.load(row));
        s1 = f32x4.add(s1, v128.load(row, 16));
      }
      v128.store(at, s0);
      v128.store(at, s1, 16);
    }
  }
}

/** Scales each symbol's place by length^-1/2, its length being the number of its positions. */
export function scaleByLength(values: usize, starts: usize, places: usize, symbols: i32, dimension: i32): void {
  const stride = (<usize>dimension) << 2;
  for (let symbol = 0; symbol < symbols; symbol++) {
    const length = load<i32>(starts + ((<usize>symbol) << 2), 4) - load<i32>(starts + ((<usize>symbol) << 2));
    if (length === 1) continue;
    const scale = f32x4.splat(1 / sqrt<f32>(<f32>length));
    const place = values + <usize>load<i32>(places + ((<usize>symbol) << 2)) * stride;
    for (let d: usize = 0; d < stride; d += 16) v128.store(place + d, f32x4.mul(v128.load(place + d), scale));
  }
}

/** Adds each symbol's gradient to the slots of its positions. */
export function scatterRows(
  values: usize,
  slots: usize,
  starts: usize,
  places: usize,
  symbols: i32,
  dimension: i32,
  gradient: usize,
): void {
  const stride = (<usize>dimension) << 2;
  for (let symbol = 0; symbol < symbols; symbol++) {
    const from = slots + ((<usize>load<i32>(starts + ((<usize>symbol) << 2))) << 2);
    const to = slots + ((<usize>load<i32>(starts + ((<usize>symbol) << 2), 4)) << 2);
    const place = gradient + <usize>load<i32>(places + ((<usize>symbol) << 2)) * stride;
    for (let d: usize = 0; d < stride; d += 32) {
      const g0 = v128.load(place + d);
      const g1 = v128.load(place + d, 16);
      for (let position = from; position < to; position += 4) {
        const target = values + <usize>load<i32>(position) * stride + d;
        v128.store(target, f32x4.add(v128.load(target), g0));
        v128.store(target, f32x4.add(v128.load(target, 16), g1), 16);
      }
    }
  }
}

/** Sum of squares of float32 values, taken in float64. The count is a multiple of 4. */
export function sumOfSquares(values: usize, count: i32): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const end = values + ((<usize>count) << 2);
  for (let at = values; at < end; at += 16) {
    const x = v128.load(at);
    const a = f64x2.promote_low_f32x4(x);
    const b = f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 0));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** Rows whose cache lines are asked for together, before any of them is computed with. */
const TOUCHED_TOGETHER: i32 = 16;

/** Loads one word of each cache line of a row: the misses of many rows wait side by side instead of one after the other. */
function touch(row: usize, stride: usize): i32 {
  let word: i32 = 0;
  for (let line: usize = 0; line < stride; line += 64) word ^= load<i32>(row + line);
  return word;
}

/**
 * Adam over touched rows. Asking for 16 rows at once makes it take 6 ms where it took 15 (30,000 of 500,000 rows of 64 numbers), and taking the rows in ascending order
 * gains nothing more.
 *
 * @param rows [touched] numbers of the rows
 * @param gradients [touched, dimension]
 * @returns nothing of meaning; without it the compiler would remove the touching loads
 */
export function adamRows(
  weights: usize,
  first: usize,
  second: usize,
  rows: usize,
  gradients: usize,
  touched: i32,
  dimension: i32,
  rate: f32,
  beta1: f32,
  beta2: f32,
  secondCorrection: f32,
  epsilon: f32,
  scale: f32,
): i32 {
  const stride = (<usize>dimension) << 2;
  const b1 = f32x4.splat(beta1);
  const b2 = f32x4.splat(beta2);
  const c1 = f32x4.splat(<f32>1 - beta1);
  const c2 = f32x4.splat(<f32>1 - beta2);
  const correction = f32x4.splat(secondCorrection);
  const tiny = f32x4.splat(epsilon);
  const step = f32x4.splat(rate);
  const factor = f32x4.splat(scale);
  let words: i32 = 0;
  for (let block = 0; block < touched; block += TOUCHED_TOGETHER) {
    const end = min(touched, block + TOUCHED_TOGETHER);
    for (let i = block; i < end; i++) {
      const base = <usize>load<i32>(rows + ((<usize>i) << 2)) * stride;
      words ^= touch(weights + base, stride) ^ touch(first + base, stride) ^ touch(second + base, stride);
    }
    for (let i = block; i < end; i++) {
      const base = <usize>load<i32>(rows + ((<usize>i) << 2)) * stride;
      const from = gradients + <usize>i * stride;
      for (let d: usize = 0; d < stride; d += 16) {
        const gradient = f32x4.mul(v128.load(from + d), factor);
        const at = base + d;
        const m = f32x4.add(f32x4.mul(b1, v128.load(first + at)), f32x4.mul(c1, gradient));
        const v = f32x4.add(f32x4.mul(b2, v128.load(second + at)), f32x4.mul(c2, f32x4.mul(gradient, gradient)));
        v128.store(first + at, m);
        v128.store(second + at, v);
        const change = f32x4.div(f32x4.mul(step, m), f32x4.add(f32x4.sqrt(f32x4.mul(v, correction)), tiny));
        v128.store(weights + at, f32x4.sub(v128.load(weights + at), change));
      }
    }
  }
  return words;
}

/** Row-wise Adagrad over touched rows; `sums` [rows] float32, one a row, the rest as in adamRows. */
export function adagradRows(
  weights: usize,
  sums: usize,
  rows: usize,
  gradients: usize,
  touched: i32,
  dimension: i32,
  rate: f32,
  epsilon: f32,
  scale: f32,
): i32 {
  const stride = (<usize>dimension) << 2;
  const factor = f32x4.splat(scale);
  let words: i32 = 0;
  for (let block = 0; block < touched; block += TOUCHED_TOGETHER) {
    const end = min(touched, block + TOUCHED_TOGETHER);
    for (let i = block; i < end; i++) {
      const row = <usize>load<i32>(rows + ((<usize>i) << 2));
      words ^= touch(weights + row * stride, stride) ^ load<i32>(sums + (row << 2));
    }
    for (let i = block; i < end; i++) {
      const row = <usize>load<i32>(rows + ((<usize>i) << 2));
      const from = gradients + <usize>i * stride;
      let squares = f32x4.splat(0);
      for (let d: usize = 0; d < stride; d += 16) {
        const gradient = f32x4.mul(v128.load(from + d), factor);
        squares = f32x4.add(squares, f32x4.mul(gradient, gradient));
      }
      const even = f32x4.extract_lane(squares, 0) + f32x4.extract_lane(squares, 2);
      const odd = f32x4.extract_lane(squares, 1) + f32x4.extract_lane(squares, 3);
      const sum = load<f32>(sums + (row << 2)) + (even + odd) / <f32>dimension;
      store<f32>(sums + (row << 2), sum);
      const step = f32x4.splat(rate / (sqrt<f32>(sum) + epsilon));
      const base = weights + row * stride;
      for (let d: usize = 0; d < stride; d += 16) {
        const change = f32x4.mul(step, f32x4.mul(v128.load(from + d), factor));
        v128.store(base + d, f32x4.sub(v128.load(base + d), change));
      }
    }
  }
  return words;
}
