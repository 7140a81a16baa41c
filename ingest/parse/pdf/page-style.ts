import { spacesMixedText } from './glyph-text.ts';
import type { PdfLine } from './pdf-lines.ts';

/** What running text of a document looks like. Points. */
export interface PageStyle {
  readonly bodySize: number;
  /** As `spacesMixedText`. */
  readonly spacedMixed: boolean;
  /** Distance of lines of one paragraph, by font size rounded to halves. */
  leading(fontSize: number): number;
  /** Where full lines of a region end. */
  rightOf(region: number): number;
  /** Where lines of a region that are not indented begin. */
  leftOf(region: number): number;
}

function halves(size: number): number {
  return Math.round(size * 2) / 2;
}

/** Share of a list's values below the one that is taken. */
function quantile(values: number[], share: number): number {
  const sorted = values.sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

function grouped<Key>(entries: Iterable<readonly [Key, number]>): Map<Key, number[]> {
  const groups = new Map<Key, number[]>();
  for (const [key, value] of entries) {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

/** Lines farther apart than this, in font sizes, are of two paragraphs. */
const FARTHEST = 2.6;
/** Distance of lines where a document does not tell, in font sizes. */
const USUAL = 1.35;
/** Regions with fewer lines say nothing of where lines end. */
const FEWEST_LINES = 4;

/** Measures a document's running text. */
export function pageStyleOf(lines: readonly PdfLine[]): PageStyle {
  const prose = lines.filter(({ table, monospace }) => table === undefined && !monospace);
  const characters = grouped(prose.map(({ fontSize, text }) => [halves(fontSize), text.length] as const));
  const totals = [...characters].map(([size, counts]) => [size, counts.reduce((sum, count) => sum + count, 0)] as const);
  const bodySize = totals.reduce((best, entry) => (entry[1] > best[1] ? entry : best), [10, 0] as const)[0];

  const gaps: [number, number][] = [];
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1];
    const gap = before === undefined || before.region !== line.region ? 0 : line.baseline - before.baseline;
    if (gap > 0 && gap <= FARTHEST * line.fontSize && halves(before?.fontSize ?? 0) === halves(line.fontSize))
      gaps.push([halves(line.fontSize), gap]);
  }
  // Distances within paragraphs are the smaller ones; the smallest are those of raised letters.
  const leadings = new Map([...grouped(gaps)].map(([size, values]) => [size, quantile(values, 0.3)]));

  const body = prose.filter(({ fontSize }) => fontSize >= 0.85 * bodySize && fontSize <= 1.1 * bodySize);
  const rights = grouped(body.map(({ region, right }) => [region, right] as const));
  const lefts = grouped(body.map(({ region, left }) => [region, left] as const));
  const right = quantile([...rights.values()].flat(), 0.95);
  const left = quantile([...lefts.values()].flat(), 0.1);
  const edges = new Map(
    [...rights].filter(([, { length }]) => length >= FEWEST_LINES).map(([region, values]) => [region, quantile(values, 0.95)]),
  );
  const starts = new Map(
    [...lefts].filter(([, { length }]) => length >= FEWEST_LINES).map(([region, values]) => [region, quantile(values, 0.1)]),
  );
  return {
    bodySize,
    spacedMixed: spacesMixedText(prose.map(({ text }) => text)),
    leading: (fontSize) => leadings.get(halves(fontSize)) ?? USUAL * fontSize,
    rightOf: (region) => edges.get(region) ?? right,
    leftOf: (region) => starts.get(region) ?? left,
  };
}
