// AssemblyScript (compiled by `npm run kernels:groups` to ../inner-products.wasm, which is committed): inner products of a query's vectors with many rows, by SIMD.
// A test compares it with plain loops.

/** The sum of a register's four numbers. */
function total(sums: v128): f32 {
  return f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) + (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
}

/**
 * Four vectors of the query by two rows at a time, so that each number that is read counts several times.
 *
 * @param query [queries, bytes]: float32, a multiple of four vectors
 * @param rows [count, bytes]: float32, an even number
 * @param bytes of a vector, a multiple of 16
 * @param products [queries, count] float32: where they go
 */
export function innerProducts(query: usize, queries: i32, rows: usize, count: i32, bytes: usize, products: usize): void {
  for (let row = 0; row < count; row += 2) {
    const row0 = rows + <usize>row * bytes;
    for (let first = 0; first < queries; first += 4) {
      const query0 = query + <usize>first * bytes;
      const query2 = query0 + 2 * bytes;
      let sums00 = f32x4.splat(0);
      let sums01 = f32x4.splat(0);
      let sums10 = f32x4.splat(0);
      let sums11 = f32x4.splat(0);
      let sums20 = f32x4.splat(0);
      let sums21 = f32x4.splat(0);
      let sums30 = f32x4.splat(0);
      let sums31 = f32x4.splat(0);
      for (let at: usize = 0; at < bytes; at += 16) {
        const left0 = v128.load(row0 + at);
        const left1 = v128.load(row0 + bytes + at);
        const right0 = v128.load(query0 + at);
        sums00 = f32x4.add(sums00, f32x4.mul(right0, left0));
        sums01 = f32x4.add(sums01, f32x4.mul(right0, left1));
        const right1 = v128.load(query0 + bytes + at);
        sums10 = f32x4.add(sums10, f32x4.mul(right1, left0));
        sums11 = f32x4.add(sums11, f32x4.mul(right1, left1));
        const right2 = v128.load(query2 + at);
        sums20 = f32x4.add(sums20, f32x4.mul(right2, left0));
        sums21 = f32x4.add(sums21, f32x4.mul(right2, left1));
        const right3 = v128.load(query2 + bytes + at);
        sums30 = f32x4.add(sums30, f32x4.mul(right3, left0));
        sums31 = f32x4.add(sums31, f32x4.mul(right3, left1));
      }
      const stride = (<usize>count) << 2;
      let out = products + (<usize>first * <usize>count + <usize>row) * 4;
      store<f32>(out, total(sums00));
      store<f32>(out, total(sums01), 4);
      out += stride;
      store<f32>(out, total(sums10));
      store<f32>(out, total(sums11), 4);
      out += stride;
      store<f32>(out, total(sums20));
      store<f32>(out, total(sums21), 4);
      out += stride;
      store<f32>(out, total(sums30));
      store<f32>(out, total(sums31), 4);
    }
  }
}
