import { UsageError } from '../../base/index.ts';
import { type PassageSettings, SMALLEST_PASSAGE } from '../passages/cut-passages.ts';

/** How chunks are cut into passages, as options say it. */
export interface PassageOptions {
  /**
   * Bytes of UTF-8 that a passage is to have, at least 64; 0, the default: none. The chunks' contents are cut in front of headings, else between paragraphs, lines, sentences, words; what has
   * up to one and a half times as many stays whole. The spans are written beside the container.
   */
  readonly passageSize?: number | undefined;
  /** Bytes that a passage, but for the first of its chunk, shares with the one before it at most; below half the size, 0 by default. */
  readonly passageOverlap?: number | undefined;
}

/**
 * @returns undefined: each chunk is its own one passage
 * @throws UsageError `PACK_OPTION`
 */
export function passageSettingsOf({ passageSize = 0, passageOverlap = 0 }: PassageOptions): PassageSettings | undefined {
  if (passageSize !== 0 && (!Number.isInteger(passageSize) || passageSize < SMALLEST_PASSAGE)) {
    throw new UsageError(
      'PACK_OPTION',
      `the passage size ${passageSize} is not a whole number of bytes from ${SMALLEST_PASSAGE} on: 0 is no passages`,
    );
  }
  if (passageOverlap !== 0 && (!Number.isInteger(passageOverlap) || passageOverlap < 0 || 2 * passageOverlap >= passageSize)) {
    throw new UsageError(
      'PACK_OPTION',
      `the passage overlap ${passageOverlap} is not a whole number of bytes from 0 to below half the passage size, which is ${passageSize}`,
    );
  }
  return passageSize === 0 ? undefined : { size: passageSize, overlap: passageOverlap };
}
