import type { ChunkSource } from '../../encoders/index.ts';
import { parseFrame, readDictionary } from '../../zpkg/index.ts';

/** How much of the documents an encoder reads that cuts chunks. */
export interface SymbolCoverage {
  readonly chunks: number;
  /** In all chunks. */
  readonly symbols: number;
  /** Those before the cut. */
  readonly symbols_read: number;
  readonly largest_chunk_symbols: number;
  /** Chunks that are cut. */
  readonly chunks_cut: number;
}

/** Counts the symbols of the chunks that pass through it: what stands behind an encoder's limit it never sees. Chunks stay compressed. */
export class SymbolCounter {
  readonly #maximumSymbols: number;
  readonly #countsBytes: boolean;
  #chunks = 0;
  #symbols = 0;
  #read = 0;
  #largest = 0;
  #cut = 0;

  /**
   * @param maximumSymbols where the encoder cuts a chunk
   * @param input `bytes`: every byte of a frame is a symbol; else literals and copies are
   */
  constructor(maximumSymbols: number, input: string) {
    this.#maximumSymbols = maximumSymbols;
    this.#countsBytes = input === 'bytes';
  }

  /** The same source, counted. */
  watch(source: ChunkSource): ChunkSource {
    const dictionary = source.dictionary.length > 0 && !this.#countsBytes ? readDictionary(source.dictionary) : undefined;
    return {
      dictionary: source.dictionary,
      chunksOf: (id) => source.chunksOf(id),
      compressedChunk: async (chunk) => {
        const frame = await source.compressedChunk(chunk);
        this.#add(this.#countsBytes ? frame.length : parseFrame(frame, dictionary).count);
        return frame;
      },
    };
  }

  get coverage(): SymbolCoverage {
    return {
      chunks: this.#chunks,
      symbols: this.#symbols,
      symbols_read: this.#read,
      largest_chunk_symbols: this.#largest,
      chunks_cut: this.#cut,
    };
  }

  #add(symbols: number): void {
    this.#chunks++;
    this.#symbols += symbols;
    this.#read += Math.min(symbols, this.#maximumSymbols);
    this.#largest = Math.max(this.#largest, symbols);
    if (symbols > this.#maximumSymbols) this.#cut++;
  }
}
