import type { PdfPage, PdfRun } from './page-runs.ts';
import { type PdfRow, rowsOf, segmentsOf, textOfRow } from './rows.ts';

/** A header or footer has at most this many rows. */
const MOST_ROWS = 3;
/** Share of the page's height, from its edge, that headers and footers stand in. */
const EDGE = 0.16;
/** Share of the pages, at least, that have the same text at the same height; or some text there, of which parts repeat from page to page. */
const SAME_TEXT = 0.6;
const SAME_PLACE = 0.35;
/** Share of the rows at one height that have a part in common with another, at least, to be headers that change by chapter. */
const REPEATED = 0.5;
/** Heights that differ by no more points are one. */
const SAME_HEIGHT = 3;

/** A page number alone: `12`, `- 12 -`, `xii`, `12 / 223`, `Page 3 of 4`, `第 3 页 共 4 页`. */
const PAGE_NUMBER =
  /^[-–—·•\s]*(?:(?:page|p\.|seite|第)?\s*(?:\d{1,4}|[ivxlc]{1,7})\s*页?(?:\s*(?:\/|of|von|，|,|共)\s*共?\s*\d{1,4}\s*页?)?)[-–—·•\s]*$/i;

/** Text with what changes from page to page folded: digits, and Roman numerals that stand alone. */
function signature(text: string): string {
  return text
    .toLowerCase()
    .replace(/\d+/g, '#')
    .replace(/(?<![\p{L}\p{N}])[ivxlc]+(?![\p{L}\p{N}])/gu, '#')
    .replace(/\s+/g, '');
}

interface Edge {
  readonly page: PdfPage;
  readonly row: PdfRow;
  readonly text: string;
}

/** Rows of pages that repeat at one height. */
function repeated(edges: readonly Edge[], pages: number): Edge[] {
  const found: Edge[] = [];
  const sorted = [...edges].sort((a, b) => a.row.baseline - b.row.baseline);
  for (let start = 0; start < sorted.length; ) {
    let end = start + 1;
    while (end < sorted.length && (sorted[end] as Edge).row.baseline - (sorted[end - 1] as Edge).row.baseline <= SAME_HEIGHT)
      end += 1;
    const place = sorted.slice(start, end);
    const parts = place.map(({ row }) => new Set(segmentsOf(row).map(({ text }) => signature(text))));
    const counts = new Map<string, number>();
    for (const part of parts.flatMap((set) => [...set])) counts.set(part, (counts.get(part) ?? 0) + 1);
    const common = parts.filter((set) => [...set].some((part) => (counts.get(part) ?? 0) > 1)).length;
    // A header that changes by chapter repeats within it; the first row of a page's body does not.
    if (place.length >= Math.max(2, SAME_PLACE * pages) && common >= REPEATED * place.length && (common > 2 || pages < 5))
      found.push(...place);
    else
      found.push(
        ...place.filter((_, index) =>
          [...(parts[index] ?? [])].some((part) => (counts.get(part) ?? 0) >= Math.max(2, SAME_TEXT * pages)),
        ),
      );
    start = end;
  }
  return found;
}

/**
 * Headers, footers and page numbers: rows near a page's upper or lower edge that most pages have at the same height with the same text, digits folded; and page numbers
 * that stand alone there.
 *
 * @returns the runs to leave out
 */
export function pageFurniture(pages: readonly PdfPage[]): ReadonlySet<PdfRun> {
  const furniture = new Set<PdfRun>();
  const withText = pages.filter(({ runs }) => runs.length > 0);
  const rows = new Map(withText.map((page) => [page, rowsOf(page.runs)]));
  for (const edge of ['top', 'bottom'] as const) {
    for (let depth = 0; depth < MOST_ROWS; depth += 1) {
      const edges: Edge[] = [];
      for (const page of withText) {
        const left = (rows.get(page) ?? []).filter(
          ({ runs, baseline }) => baseline <= page.height && !furniture.has(runs[0] as PdfRun),
        );
        const row = edge === 'top' ? left[0] : left.at(-1);
        if (row === undefined) continue;
        const distance = edge === 'top' ? row.baseline : page.height - row.baseline;
        if (distance <= EDGE * page.height) edges.push({ page, row, text: textOfRow(row) });
      }
      const found = new Set([
        ...(withText.length > 1 ? repeated(edges, withText.length) : []),
        ...edges.filter((each) => depth === 0 && isPageNumber(each)),
      ]);
      if (found.size === 0) break;
      for (const { row } of found) for (const run of row.runs) furniture.add(run);
    }
  }
  return furniture;
}

/** A number alone, nearer to the edge than text comes, that says which page it is or goes on counting in Roman numerals. */
function isPageNumber({ page, row, text }: Edge): boolean {
  if (!PAGE_NUMBER.test(text)) return false;
  const distance = Math.min(row.baseline, page.height - row.baseline);
  return (
    distance <= 0.1 * page.height &&
    (/^[ivxlc\s]+$/i.test(text) || Array.from(text.matchAll(/\d+/g), ([number]) => Number(number)).includes(page.number))
  );
}
