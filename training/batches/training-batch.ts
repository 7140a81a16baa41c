import type { SymbolBatch } from '../../model/symbols/index.ts';

/** Texts of one granularity that a step trains on. */
export interface TrainingBatch {
  /** `passages`, `sentences`, … */
  readonly name: string;
  readonly weight: number;
  readonly symbols: SymbolBatch;
  /** [size, dimension] the teacher's vectors. */
  readonly targets: Float32Array;
  /** [negatives, dimension] the teacher's vectors of texts that are in no batch of the step: hard negatives and remembered ones; absent: none. */
  readonly negatives?: Float32Array;
}

/**
 * Cuts a batch into parts of at most `size` chunks. A part keeps the padding of the whole, so that both are the same computation.
 *
 * @param size chunks a part
 */
export function splitSymbolBatch(batch: SymbolBatch, size: number): SymbolBatch[] {
  const parts: SymbolBatch[] = [];
  for (let from = 0; from < batch.size; from += size) parts.push(cutSymbolBatch(batch, from, Math.min(batch.size, from + size)));
  return parts;
}

/** The chunks `from` up to `to` of a batch, with the padding of the whole. */
export function cutSymbolBatch(batch: SymbolBatch, from: number, to: number): SymbolBatch {
  const { symbols, patches } = batch;
  const [first, last] = [symbolsBefore(batch, from), symbolsBefore(batch, to)];
  const [firstPosition, lastPosition] = [batch.starts[first]!, batch.starts[last]!];
  return {
    size: to - from,
    symbols,
    lengths: batch.lengths.slice(from * symbols, to * symbols),
    kinds: batch.kinds.slice(from * symbols, to * symbols),
    places: batch.places.slice(first, last).map((place) => place - from * symbols),
    starts: batch.starts.slice(first, last + 1).map((start) => start - firstPosition),
    rows: batch.rows.map((rows) => rows.slice(firstPosition, lastPosition)),
    ...(patches && {
      patches: {
        count: patches.count,
        ids: patches.ids.slice(from * symbols, to * symbols),
        mask: patches.mask.slice(from * patches.count, to * patches.count),
      },
    }),
  };
}

/** Real symbols of the chunks before one. */
function symbolsBefore({ places, symbols }: SymbolBatch, chunk: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle]! < chunk * symbols) low = middle + 1;
    else high = middle;
  }
  return low;
}
