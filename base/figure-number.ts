/** Marks between the parts of a number: `4.1`, `4-1`, `4–1`. */
const BETWEEN_PARTS = /[\s.\-‐–—]+/gu;

/** A figure's number in the one form by which it is asked for, whoever wrote it: `4.1`, `4–1` and `４-1` are `4-1`, `A.2` is `A-2`. */
export function figureNumber(written: string): string {
  return written.normalize('NFKC').toUpperCase().replace(BETWEEN_PARTS, '-').replace(/^-|-$/g, '');
}
