import type { SymbolBatch } from '../../symbols/symbol-batch.ts';

/** A run of a batch's positions. */
export interface BatchPiece {
  readonly from: number;
  readonly to: number;
  /** First symbol that has positions in the piece; it may begin before it, as the last may reach beyond it. */
  readonly firstSymbol: number;
  /** [symbols + 1] where the positions of the piece's symbols start, counted from `from`. */
  readonly starts: Int32Array;
}

/**
 * The positions of a batch in pieces, in their order: the sums of a symbol are taken in one order however they are cut.
 *
 * @param positions positions a piece
 */
export function* batchPieces({ starts, places }: SymbolBatch, positions: number): Generator<BatchPiece> {
  const total = starts[places.length]!;
  let symbol = 0;
  for (let from = 0; from < total; from += positions) {
    const to = Math.min(total, from + positions);
    while (starts[symbol + 1]! <= from) symbol++;
    let end = symbol;
    while (end < places.length && starts[end]! < to) end++;
    const local = starts.slice(symbol, end + 1).map((start) => Math.min(Math.max(start, from), to) - from);
    yield { from, to, firstSymbol: symbol, starts: local };
  }
}
