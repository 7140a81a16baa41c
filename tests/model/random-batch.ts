import type { RandomNumbers } from '../../base/random.ts';
import type { SymbolBatch } from '../../model/symbols/symbol-batch.ts';

/** Shape of a random batch; chunks have from no symbol to all of them. */
export interface BatchShape {
  readonly size: number;
  readonly symbols: number;
  readonly longestSymbol: number;
  /** [tables] rows that may be named. */
  readonly rows: readonly number[];
}

/** A batch of chunks with symbols of several positions, some of them padding, and rows that repeat. */
export function randomBatch(random: RandomNumbers, { size, symbols, longestSymbol, rows }: BatchShape): SymbolBatch {
  const places: number[] = [];
  const starts = [0];
  for (let chunk = 0; chunk < size; chunk++) {
    const count = random.integer(symbols + 1);
    for (let i = 0; i < count; i++) {
      places.push(chunk * symbols + i);
      starts.push(starts.at(-1)! + 1 + random.integer(longestSymbol));
    }
  }
  const positions = starts.at(-1)!;
  return {
    size,
    symbols,
    lengths: new Float32Array(size * symbols),
    kinds: new Int32Array(size * symbols),
    places: Int32Array.from(places),
    starts: Int32Array.from(starts),
    rows: rows.map((limit) => Int32Array.from({ length: positions }, () => random.integer(limit))),
  };
}
