import type { PatchableChunk, Patcher } from './patcher.ts';

/** Patches of one fixed number of symbols; the last may be shorter. */
export class StaticPatcher implements Patcher {
  readonly #size: number;

  /** @param size symbols a patch, at least 1 */
  constructor(size: number) {
    this.#size = size;
  }

  boundaries(chunk: PatchableChunk): Uint32Array {
    return Uint32Array.from({ length: Math.ceil(chunk.count / this.#size) }, (_, patch) => patch * this.#size);
  }
}
