import { textOf } from './chunk-text.ts';
import { splitLongPatches } from './long-patches.ts';
import type { PatchableChunk, Patcher } from './patcher.ts';

/** 1 for bytes inside a word: ASCII letters and digits, and the continuation bytes 0x80 to 0xBF of UTF-8. */
const INSIDE_WORDS = Uint8Array.from({ length: 256 }, (_, byte) =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  (byte >= 0x80 && byte < 0xc0)
    ? 1
    : 0,
);

/**
 * A patch ends with the first byte behind a word: one that is not inside a word when the byte before it is.
 * Source: `find_space_patch_start_ids` in facebookresearch/blt, for a text behind its begin-of-sentence id.
 */
export class SpacePatcher implements Patcher {
  readonly #maximumLength: number | undefined;

  /** @param maximumLength bytes of the longest patch; absent: no limit */
  constructor(maximumLength?: number) {
    this.#maximumLength = maximumLength;
  }

  /** @throws CemError `PATCHING_WITHOUT_TEXT` */
  boundaries(chunk: PatchableChunk): Uint32Array {
    const text = textOf(chunk, 'space');
    const starts: number[] = text.length > 0 ? [0] : [];
    for (let i = 2; i < text.length; i++) {
      if (INSIDE_WORDS[text[i - 1]!] === 0 && INSIDE_WORDS[text[i - 2]!] === 1) starts.push(i);
    }
    return splitLongPatches(starts, text.length, this.#maximumLength);
  }
}
