import { strict as assert } from 'node:assert';

/** Consecutive numbers: `count` of them from `first` on. */
export interface NumberRun {
  readonly first: number;
  readonly count: number;
}

/**
 * A set of whole numbers kept as its runs: memory goes with the runs, not with the numbers, and every question takes logarithmic time. As a list it is a
 * gap and a length for each run in turn: 3, 4, 5, 20 is `[3, 3, 14, 1]`.
 */
export class NumberRuns {
  /** [runs] */
  readonly #firsts: readonly number[];
  /** [runs + 1] how many numbers lie in the runs before. */
  readonly #before: readonly number[];

  private constructor(firsts: readonly number[], before: readonly number[]) {
    this.#firsts = firsts;
    this.#before = before;
  }

  /** @param runs in any order, without a number in common; neighbours become one run */
  static of(runs: Iterable<NumberRun>): NumberRuns {
    const firsts: number[] = [];
    const before = [0];
    let end = -1;
    for (const { first, count } of [...runs].sort((a, b) => a.first - b.first)) {
      if (count === 0) continue;
      assert(first >= Math.max(0, end), 'a number stands in two runs');
      if (first === end) before[before.length - 1]! += count;
      else {
        firsts.push(first);
        before.push(before.at(-1)! + count);
      }
      end = first + count;
    }
    return new NumberRuns(firsts, before);
  }

  /** Reads what `encode` gives; undefined for a list that it never gives. */
  static decode(list: readonly number[]): NumberRuns | undefined {
    if (list.length % 2 !== 0) return undefined;
    const firsts: number[] = [];
    const before = [0];
    let end = 0;
    for (let i = 0; i < list.length; i += 2) {
      const gap = list[i]!;
      const count = list[i + 1]!;
      if (gap < (i === 0 ? 0 : 1) || count < 1) return undefined;
      firsts.push(end + gap);
      before.push(before.at(-1)! + count);
      end += gap + count;
    }
    return Number.isSafeInteger(end) ? new NumberRuns(firsts, before) : undefined;
  }

  encode(): number[] {
    const list: number[] = [];
    let end = 0;
    for (const { first, count } of this.runs()) {
      list.push(first - end, count);
      end = first + count;
    }
    return list;
  }

  /** How many numbers are in the set. */
  get count(): number {
    return this.#before.at(-1)!;
  }

  /** The smallest number of the set; 0 when it is empty. */
  get first(): number {
    return this.#firsts[0] ?? 0;
  }

  /** One past the largest number of the set; 0 when it is empty. */
  get end(): number {
    const last = this.#firsts.length - 1;
    return last < 0 ? 0 : this.#firsts[last]! + this.#before[last + 1]! - this.#before[last]!;
  }

  *runs(): Generator<NumberRun> {
    for (const [run, first] of this.#firsts.entries()) yield { first, count: this.#before[run + 1]! - this.#before[run]! };
  }

  has(value: number): boolean {
    return this.indexOf(value) >= 0;
  }

  /** How many numbers of the set are smaller than this one, which is in it; -1 when it is not. */
  indexOf(value: number): number {
    const run = lastNotAbove(this.#firsts, value);
    if (run < 0) return -1;
    const index = this.#before[run]! + value - this.#firsts[run]!;
    return index < this.#before[run + 1]! ? index : -1;
  }

  /** The number that has `index` smaller ones in the set; `index` is below `count`. */
  at(index: number): number {
    assert(index >= 0 && index < this.count);
    const run = lastNotAbove(this.#before, index);
    return this.#firsts[run]! + index - this.#before[run]!;
  }
}

/** Where the last value stands that is not above the wanted one, in ascending values; -1 when all are. */
function lastNotAbove(values: readonly number[], wanted: number): number {
  let low = -1;
  let high = values.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (values[middle]! <= wanted) low = middle;
    else high = middle;
  }
  return low;
}
