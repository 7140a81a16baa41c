/** Runs of digits, and what lies between them. */
const PARTS = /\d+|\D+/g;
const LEADING_ZEROS = /^0+(?=\d)/;

/**
 * Places of ids in the order in which people number documents: `d2` before `d10`. Runs of digits count by their value, the rest by its UTF-16 units; equal ids stay as they were. It depends on
 * nothing but the ids, neither on a locale nor on a version of Unicode.
 */
export function naturalOrder(ids: readonly string[]): Uint32Array {
  const parts = ids.map((id) => id.match(PARTS) ?? []);
  return Uint32Array.from(ids.keys()).sort((a, b) => compareParts(parts[a]!, parts[b]!) || a - b);
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = comparePart(a[i]!, b[i]!);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function comparePart(a: string, b: string): number {
  if (!(isNumber(a) && isNumber(b))) return compareUnits(a, b);
  const [x, y] = [a.replace(LEADING_ZEROS, ''), b.replace(LEADING_ZEROS, '')];
  return x.length - y.length || compareUnits(x, y) || a.length - b.length;
}

function isNumber(part: string): boolean {
  return part >= '0' && part < ':';
}

function compareUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
