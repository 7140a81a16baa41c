import type { SymbolBatch } from '../../model/symbols/index.ts';
import type { BatchShape } from './step-shape.ts';

/** What the graph and the sums of rows read of a batch, as arrays. */
interface PaddedBatch {
  readonly size: number;
  readonly symbols: number;
  /** [size, symbols] */
  readonly lengths: Float32Array;
  /** [size, symbols] */
  readonly kinds: Int32Array;
  /** [positions] the place in [size * symbols] of the symbol that a position belongs to; size * symbols for padding. */
  readonly places: Int32Array;
  readonly patches?: { readonly count: number; readonly ids: Int32Array; readonly mask: Float32Array };
}

const NO_PATCH = -1;

/**
 * A batch with room for longer texts.
 *
 * @param shape at least that of the batch
 */
export function padBatch(batch: SymbolBatch, shape: BatchShape): PaddedBatch {
  const { size, starts, places: own } = batch;
  const { symbols } = shape;
  const { patches } = batch;
  const places = new Int32Array(shape.positions).fill(size * symbols);
  for (let symbol = 0; symbol < own.length; symbol++) {
    const text = Math.floor(own[symbol]! / batch.symbols);
    const place = own[symbol]! + text * (symbols - batch.symbols);
    // Most symbols have few bytes: a call of `fill` takes longer than they do.
    for (let position = starts[symbol]!; position < starts[symbol + 1]!; position++) places[position] = place;
  }
  return {
    size,
    symbols,
    lengths: widened(batch.lengths, size, batch.symbols, new Float32Array(size * symbols)),
    kinds: widened(batch.kinds, size, batch.symbols, new Int32Array(size * symbols)),
    places,
    ...(patches && {
      patches: {
        count: shape.patches,
        ids: widened(patches.ids, size, batch.symbols, new Int32Array(size * symbols).fill(NO_PATCH)),
        mask: widened(patches.mask, size, patches.count, new Float32Array(size * shape.patches)),
      },
    }),
  };
}

/** Puts rows into rows that are at least as wide. */
function widened<Values extends Float32Array | Int32Array>(from: Values, rows: number, width: number, into: Values): Values {
  const wide = into.length / rows;
  for (let row = 0; row < rows; row++) into.set(from.subarray(row * width, (row + 1) * width), row * wide);
  return into;
}
