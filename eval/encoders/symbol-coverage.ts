import { setImmediate } from 'node:timers/promises';
import type { ByteSpan } from '../../base/index.ts';
import type { ChunkSource } from '../../encoders/index.ts';
import { parseFrame, readDictionary } from '../../zpkg/index.ts';

/** How an encoder of chunks reads: where it cuts a passage, and what its symbols are. */
export interface SymbolReading {
  readonly maximumSymbols: number;
  /** `bytes`: every byte of a frame is a symbol; else literals and copies are. */
  readonly input: string;
}

/** How much of the documents an encoder reads that cuts passages. A chunk without passages is its own one. */
export interface SymbolCoverage {
  readonly chunks: number;
  readonly passages: number;
  /** Of all passages; a symbol that straddles a border is one on either side. */
  readonly symbols: number;
  /** Those before the cuts. */
  readonly symbols_read: number;
  readonly largest_passage_symbols: number;
  /** Passages that are cut: they have more symbols than are read. */
  readonly passages_cut: number;
}

/** Chunks between two turns of the event loop. */
const CHUNKS_A_TURN = 64;

/** Counts the symbols of the passages of documents: what stands behind an encoder's limit it never sees. Chunks stay compressed. */
export async function symbolCoverage(
  source: ChunkSource,
  ids: readonly string[],
  { maximumSymbols, input }: SymbolReading,
): Promise<SymbolCoverage> {
  const countsBytes = input === 'bytes';
  const dictionary = source.dictionary.length > 0 && !countsBytes ? readDictionary(source.dictionary) : undefined;
  const counts = { chunks: 0, passages: 0, symbols: 0, symbols_read: 0, largest_passage_symbols: 0, passages_cut: 0 };
  const add = (symbols: number): void => {
    counts.passages += 1;
    counts.symbols += symbols;
    counts.symbols_read += Math.min(symbols, maximumSymbols);
    counts.largest_passage_symbols = Math.max(counts.largest_passage_symbols, symbols);
    if (symbols > maximumSymbols) counts.passages_cut += 1;
  };
  for (const id of ids) {
    for (const chunk of source.chunksOf(id)) {
      if (counts.chunks % CHUNKS_A_TURN === 0) await setImmediate();
      counts.chunks += 1;
      const frame = await source.compressedChunk(chunk);
      if (countsBytes) add(frame.length);
      else {
        const symbols = parseFrame(frame, dictionary);
        const passages = await source.passagesOf?.(chunk);
        if (passages === undefined) add(symbols.count);
        else for (const count of symbolsWithin(symbols.lengths.subarray(0, symbols.count), passages)) add(count);
      }
    }
  }
  return counts;
}

/**
 * How many symbols have bytes in each of the spans.
 *
 * @param lengths [symbols] bytes that each stands for
 * @param spans in the order of their first bytes
 */
export function symbolsWithin(lengths: Uint32Array, spans: readonly ByteSpan[]): number[] {
  const ends = new Float64Array(lengths.length);
  let end = 0;
  lengths.forEach((length, symbol) => {
    end += length;
    ends[symbol] = end;
  });
  // Symbols that end at or before a byte are before it; the one that holds the span's last byte is the last.
  return spans.map((span) => (span.start === span.end ? 0 : firstAbove(ends, span.end - 1) - firstAbove(ends, span.start) + 1));
}

/** The first place whose number is above a limit, of ascending numbers. */
function firstAbove(ascending: Float64Array, limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
