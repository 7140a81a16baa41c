import assert from 'node:assert/strict';
import type { LeftOut, PassageSymbols } from './cut-symbols.ts';
import { PADDING_KIND } from './symbol-kinds.ts';
import type { PassageRows } from './text-rope.ts';

/** Stands in `PatchBatch.ids` where there is no symbol. */
const PADDING_PATCH = -1;

/** One chunk or passage, ready to be put into a batch: how many symbols it has, and which table rows each of them sums. */
export interface EncodedChunk {
  readonly count: number;
  /** [count] bytes a symbol stands for. */
  readonly lengths: Uint32Array;
  /** [count] `symbolKind` of each symbol. */
  readonly kinds: Uint8Array;
  /** Table-major: [1 + sizes][positions]; table 0 holds the byte ids, the others the n-gram rows. */
  readonly rows: readonly Int32Array[];
  /** Number of the first symbol of each patch, ascending from 0; absent with static patching, which counts symbols. */
  readonly patchStarts?: Uint32Array;
  /** What lies behind the symbols because there are more than `maximumSymbols`; absent: nothing. */
  readonly leftOut?: LeftOut;
}

/**
 * Table rows of a passage's symbols.
 *
 * @param rows of each hash function, at least one
 * @param sizes sizes of n-grams
 */
export function encodeSymbols(
  { count, lengths, kinds, leftOut }: PassageSymbols,
  rows: readonly PassageRows[],
  sizes: number,
): EncodedChunk {
  const tables = rows.flatMap((own) => columnsOf(own.rows, sizes));
  // Hash functions differ in the rows of n-grams alone.
  return { count, lengths, kinds, rows: [rows[0]!.ids, ...tables], ...(leftOut && { leftOut }) };
}

/** [sizes][positions] of [positions, sizes]. */
function columnsOf(rows: Int32Array, sizes: number): Int32Array[] {
  return Array.from({ length: sizes }, (_, column) => {
    const table = new Int32Array(rows.length / sizes);
    for (let i = 0, from = column; i < table.length; i++, from += sizes) table[i] = rows[from]!;
    return table;
  });
}

/** Chunks side by side, padded to one number of symbols. */
export interface SymbolBatch {
  readonly size: number;
  /** Symbols a chunk after padding: a multiple of what the model asks for. */
  readonly symbols: number;
  /** [size, symbols] bytes a symbol stands for, 0 for padding. */
  readonly lengths: Float32Array;
  /** [size, symbols] `symbolKind`, 0 for padding. */
  readonly kinds: Int32Array;
  /** [real symbols] place of each real symbol in [size * symbols]. */
  readonly places: Int32Array;
  /** [real symbols + 1] where each symbol's positions start in `rows`. */
  readonly starts: Int32Array;
  /** Table-major: [1 + sizes][positions]. */
  readonly rows: readonly Int32Array[];
  /** Absent with static patching. */
  readonly patches?: PatchBatch;
}

/** Which symbols make which patches, for every chunk of a batch. */
interface PatchBatch {
  /** Patches a chunk after padding: as many as the chunk with most of them has. */
  readonly count: number;
  /** [size, symbols] number of the patch that a symbol belongs to, ascending from 0 in each chunk; -1 for padding. */
  readonly ids: Int32Array;
  /** [size, count] 1 for patches that are there, 0 for padding. */
  readonly mask: Float32Array;
}

/**
 * @param pad how many symbols a batch has whose longest chunk has this many (patches and attention windows must divide it)
 */
export function batchChunks(chunks: readonly EncodedChunk[], pad: (longest: number) => number): SymbolBatch {
  let longest = 1;
  let realSymbols = 0;
  let positions = 0;
  for (const chunk of chunks) {
    longest = Math.max(longest, chunk.count);
    realSymbols += chunk.count;
    positions += chunk.rows[0]!.length;
  }
  const symbols = pad(longest);
  const tables = chunks[0]?.rows.length ?? 0;
  const lengths = new Float32Array(chunks.length * symbols);
  const kinds = new Int32Array(chunks.length * symbols).fill(PADDING_KIND);
  const places = new Int32Array(realSymbols);
  const starts = new Int32Array(realSymbols + 1);
  const rows = Array.from({ length: tables }, () => new Int32Array(positions));
  let symbol = 0;
  let position = 0;
  chunks.forEach((chunk, index) => {
    const first = index * symbols;
    lengths.set(chunk.lengths, first);
    kinds.set(chunk.kinds, first);
    for (let table = 0; table < tables; table++) rows[table]!.set(chunk.rows[table]!, position);
    for (let i = 0; i < chunk.count; i++, symbol++) {
      places[symbol] = first + i;
      starts[symbol] = position;
      position += chunk.lengths[i]!;
    }
  });
  starts[realSymbols] = position;
  const patches = batchPatches(chunks, symbols);
  return { size: chunks.length, symbols, lengths, kinds, places, starts, rows, ...(patches ? { patches } : {}) };
}

/**
 * @param symbols symbols a chunk after padding
 * @returns undefined when the chunks have no patches of their own
 */
function batchPatches(chunks: readonly EncodedChunk[], symbols: number): PatchBatch | undefined {
  const starts = chunks.flatMap(({ patchStarts }) => (patchStarts ? [patchStarts] : []));
  if (starts.length === 0) return undefined;
  assert(starts.length === chunks.length, 'either all chunks of a batch have patches or none');
  const count = starts.reduce((most, { length }) => Math.max(most, length), 1);
  const ids = new Int32Array(chunks.length * symbols).fill(PADDING_PATCH);
  const mask = new Float32Array(chunks.length * count);
  starts.forEach((patchStarts, index) => {
    const { count: end } = chunks[index]!;
    assert(end === 0 || patchStarts[0] === 0, `the first patch starts with symbol 0, got ${patchStarts[0]}`);
    patchStarts.forEach((from, patch) => {
      const to = patchStarts[patch + 1] ?? end;
      assert(
        from < to && to <= end,
        `patch ${patch} of ${patchStarts.length} starts with symbol ${from} and ends before ${to} of ${end}`,
      );
      ids.fill(patch, index * symbols + from, index * symbols + to);
    });
    mask.fill(1, index * count, index * count + patchStarts.length);
  });
  return { count, ids, mask };
}
