import { binaryName } from '../../../data/index.ts';
import { defineParser } from '../define-parser.ts';

/** Plain texts in any encoding that `detectText` knows. */
export const textParser = defineParser({
  format: 'text',
  version: 1,
  extensions: ['.txt', '.text', '.rst'],
  recognise(start) {
    if (start.length === 0 || binaryName(start) !== undefined) return 0;
    // Control characters that no text has, in any encoding without a second byte for each ASCII character.
    return start.some((byte) => byte < 0x20 && (byte < 0x08 || byte > 0x0d) && byte !== 0x1b) ? 0 : 1;
  },
  load: async () => (await import('./read-text.ts')).readText,
});
