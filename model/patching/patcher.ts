/** What a patcher may look at: one chunk as the encoder sees it, after it was cut to the model's longest. */
export interface PatchableChunk {
  /** Symbols of the chunk; for the inputs `bytes` and `text` a symbol is a byte. */
  readonly count: number;
  /** [count] bytes of text that each symbol stands for. */
  readonly lengths: Uint32Array;
  /** Number of the first symbol of each zstd block, ascending, not unique (a block may be empty); `[0]` where the input has no blocks. */
  readonly blockStarts: Uint32Array;
  /** [count] the text's bytes; only with the input `text`, absent for everything that comes out of a container. */
  readonly text?: Uint8Array;
}

/**
 * Cuts a chunk's symbols into the patches that the global transformer works on.
 *
 * Pure and deterministic: the same chunk always gives the same patches, in training and in indexing.
 */
export interface Patcher {
  /**
   * @returns number of the first symbol of each patch: the first is 0, strictly ascending, all below `chunk.count`; empty only for an empty chunk
   * @throws CemError `PATCHING_WITHOUT_TEXT` where the rule reads the text and the chunk has none
   */
  boundaries(chunk: PatchableChunk): Uint32Array;
  /** Does ahead of time, in batches, what `boundaries` of these texts needs and cannot wait for; absent where there is nothing to do. */
  prepare?(texts: readonly Uint8Array[]): Promise<unknown>;
}
