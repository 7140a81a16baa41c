import { splitLongPatches } from './long-patches.ts';
import type { PatchableChunk, Patcher } from './patcher.ts';

/**
 * Patches that follow the zstd frame: one begins with every block, and within a block every `maximumLength` symbols. What a chunk's `blockStarts` hold counts as
 * a border, so that it may name sections as well where symbols are bytes of the frame (`frameBorders`).
 */
export class FramePatcher implements Patcher {
  readonly #maximumLength: number;

  /** @param maximumLength symbols of the longest patch, at least 1 */
  constructor(maximumLength: number) {
    this.#maximumLength = maximumLength;
  }

  boundaries(chunk: PatchableChunk): Uint32Array {
    const starts: number[] = chunk.count > 0 ? [0] : [];
    for (const start of chunk.blockStarts) {
      // Empty blocks name a symbol twice; a chunk that was cut has fewer symbols than its frame.
      if (start > starts.at(-1)! && start < chunk.count) starts.push(start);
    }
    return splitLongPatches(starts, chunk.count, this.#maximumLength);
  }
}
