// AssemblyScript (compiled by `npm run kernels:codes` to ../scan-codes.wasm, which is committed): how near binary codes are to a query, by SIMD table look-up.
// A test compares it with plain loops.

/** Rows that lie together, byte by byte: two registers of 16. */
const GROUP: i32 = 32;

/** Bytes added up in 16-bit lanes as they are: each lane holds its even row's sum plus 256 times its odd row's. What the odd rows have comes out by their own sum. */
function evenSums(both: v128, odd: v128): v128 {
  return i16x8.sub(both, i16x8.shl(odd, 8));
}

/** Writes down the rows of a register that reach the bar; the new count. */
function tell(
  even: v128,
  odd: v128,
  row: i32,
  rows: i32,
  bar: i32,
  places: usize,
  scores: usize,
  scratch: usize,
  found: i32,
): i32 {
  v128.store(scratch, even);
  v128.store(scratch, odd, 16);
  for (let lane = 0; lane < 16; lane++) {
    const score = <i32>load<u16>(scratch + (lane >> 1) * 2 + (lane & 1) * 16);
    if (score < bar || row + lane >= rows) continue;
    store<i32>(places + ((<usize>found) << 2), row + lane);
    store<u16>(scores + ((<usize>found) << 1), <u16>score);
    found++;
  }
  return found;
}

/**
 * Scores rows of codes and tells those that reach a bar. A row's score is the sum of its half bytes' entries in the query's tables.
 *
 * @param codes [groups, bytes, 32]: byte after byte of 32 rows
 * @param rows how many there are; what lies behind them in the last group is passed over
 * @param tables [bytes, 2, 16] of at most 127: for each byte those of its upper and of its lower half. A row's sum is below 65,536.
 * @param places [rows] int32: where the numbers of rows go
 * @param scores [rows] uint16: their scores
 * @param scratch 32 bytes
 * @returns how many rows reach the bar
 */
export function scanCodes(
  codes: usize,
  rows: i32,
  bytes: i32,
  tables: usize,
  bar: i32,
  places: usize,
  scores: usize,
  scratch: usize,
): i32 {
  const low = i8x16.splat(15);
  const bars = i16x8.splat(<i16>bar);
  const end = tables + ((<usize>bytes) << 5);
  let found = 0;
  let at = codes;
  for (let row = 0; row < rows; row += GROUP) {
    let both0 = i16x8.splat(0);
    let both1 = i16x8.splat(0);
    let odd0 = i16x8.splat(0);
    let odd1 = i16x8.splat(0);
    for (let table = tables; table < end; table += 32, at += 32) {
      const upper = v128.load(table);
      const lower = v128.load(table, 16);
      const code0 = v128.load(at);
      const code1 = v128.load(at, 16);
      const sum0 = i8x16.add(i8x16.swizzle(upper, i8x16.shr_u(code0, 4)), i8x16.swizzle(lower, v128.and(code0, low)));
      const sum1 = i8x16.add(i8x16.swizzle(upper, i8x16.shr_u(code1, 4)), i8x16.swizzle(lower, v128.and(code1, low)));
      both0 = i16x8.add(both0, sum0);
      both1 = i16x8.add(both1, sum1);
      odd0 = i16x8.add(odd0, i16x8.shr_u(sum0, 8));
      odd1 = i16x8.add(odd1, i16x8.shr_u(sum1, 8));
    }
    const even0 = evenSums(both0, odd0);
    const even1 = evenSums(both1, odd1);
    if (v128.any_true(v128.or(i16x8.ge_u(even0, bars), i16x8.ge_u(odd0, bars))))
      found = tell(even0, odd0, row, rows, bar, places, scores, scratch, found);
    if (v128.any_true(v128.or(i16x8.ge_u(even1, bars), i16x8.ge_u(odd1, bars))))
      found = tell(even1, odd1, row + 16, rows, bar, places, scores, scratch, found);
  }
  return found;
}
