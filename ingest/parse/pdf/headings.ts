import { joinLines } from './glyph-text.ts';
import type { OutlineEntry } from './outline.ts';
import type { PageStyle } from './page-style.ts';
import type { PdfLine } from './pdf-lines.ts';

/** Lines that are one heading. */
export interface PdfHeading {
  /** Of the document's lines: the first, and one after the last. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly level: number;
}

/** Lines of one style that stand together and may be a heading. */
interface Candidate {
  readonly start: number;
  end: number;
  text: string;
  readonly style: string;
  readonly size: number;
  /** Whether only its weight or its font says so, since it is as large as running text. */
  readonly byWeight: boolean;
  level?: number;
}

/** A heading is larger than running text by this factor, or it is bold and stands alone. */
const LARGER = 1.12;
const LONGEST = 200;
const MOST_LINES = 5;
/** Bold lines beyond this share of all lines are no headings. */
const MOST_BOLD = 0.2;

function styleOf({ fontSize, bold }: PdfLine): string {
  return `${Math.round(fontSize * 2) / 2}${bold ? ' bold' : ''}`;
}

/** Latin of a heading is often bold where its Chinese, whose font has one weight, is not: size alone tells those apart from text. */
function sameStyle(a: PdfLine, b: PdfLine, style: PageStyle): boolean {
  if (Math.abs(a.fontSize - b.fontSize) > 0.3) return false;
  return a.fontSize >= LARGER * style.bodySize || a.bold === b.bold;
}

function isHeadingLike(line: PdfLine, style: PageStyle): boolean {
  if (line.table !== undefined || line.monospace || !/\p{L}/u.test(line.text) || line.segments.length > 2) return false;
  if (line.fontSize >= LARGER * style.bodySize) return true;
  return line.fontSize >= 0.95 * style.bodySize && line.segments.length === 1 && line.runs.every(({ bold }) => bold);
}

/** What ends like a sentence, or is a line of a table of contents, is no heading. */
const NO_HEADING = /[。；;，,、]$|(?:\.\s?){4,}|^[•●–-]\s/u;

function candidatesOf(lines: readonly PdfLine[], style: PageStyle): Candidate[] {
  const candidates: Candidate[] = [];
  for (let start = 0; start < lines.length; ) {
    const first = lines[start] as PdfLine;
    let end = start + 1;
    if (!isHeadingLike(first, style)) {
      start = end;
      continue;
    }
    while (
      end < lines.length &&
      isHeadingLike(lines[end] as PdfLine, style) &&
      follows(lines[end - 1] as PdfLine, lines[end] as PdfLine, style)
    )
      end += 1;
    const texts = lines.slice(start, Math.min(end, start + MOST_LINES)).map((line) => line.text);
    const text = joinLines(texts, style.spacedMixed);
    const byWeight = first.fontSize < LARGER * style.bodySize;
    const alone = !byWeight || standsAlone(lines, start, end, style);
    if (end - start <= MOST_LINES && text.length <= LONGEST && alone && !NO_HEADING.test(text)) {
      candidates.push({ start, end, text, style: styleOf(first), size: first.fontSize, byWeight });
    }
    start = end;
  }
  const bold = candidates.filter(({ byWeight }) => byWeight);
  return bold.length > Math.max(3, MOST_BOLD * lines.length) ? candidates.filter(({ byWeight }) => !byWeight) : candidates;
}

/** Whether a line goes on with the heading of the one before it. */
function follows(before: PdfLine, line: PdfLine, style: PageStyle): boolean {
  const gap = line.baseline - before.baseline;
  if (before.region !== line.region || !sameStyle(before, line, style) || gap <= 0 || gap > 1.7 * line.fontSize) return false;
  return !NUMBERED.test(line.text);
}

/** How a heading begins that has a number: a line that does begins a heading. */
const NUMBERED =
  /^(?:\d+(?:\.\d+)+\s|\d+[.、]\s?\S|(?:chapter|section|part|appendix)\s+[\dA-Z]+\b|第[\d〇零一二三四五六七八九十百千]+[编章节条部篇]|[一二三四五六七八九十]+、)/iu;

/** Whether the lines before and after are farther away, or of another region or style. */
function standsAlone(lines: readonly PdfLine[], start: number, end: number, style: PageStyle): boolean {
  const apart = (before: PdfLine | undefined, line: PdfLine | undefined): boolean => {
    if (before === undefined || line === undefined || before.region !== line.region) return true;
    if (before.table !== undefined || line.table !== undefined) return true;
    return (
      line.baseline - before.baseline > 1.15 * style.leading(line.fontSize) || Math.abs(before.fontSize - line.fontSize) > 0.6
    );
  };
  const last = lines[end - 1] as PdfLine;
  const next = lines[end];
  const short = last.right < style.rightOf(last.region) - 4 * last.fontSize || /\p{L}$/u.test(last.text);
  return (
    apart(lines[start - 1], lines[start]) &&
    short &&
    (next === undefined || !next.runs.every(({ bold }) => bold) || apart(last, next))
  );
}

/** Text for comparison: compatibility forms folded, without case, spaces and punctuation. */
function folded(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** What may stand before a title that an outline has without its number: `1.2`, `Chapter 1`, `附录 A`, `第三章`. */
const NUMBER_BEFORE =
  /^(?:chapter|section|part|appendix|第|附录|kapitel|chapitre)?[\da-z〇零一二三四五六七八九十百]{0,9}[编章节条部篇]?$/u;

function isTitled(text: string, title: string): boolean {
  const [whole, end] = [folded(text), folded(title)];
  return end !== '' && whole.endsWith(end) && NUMBER_BEFORE.test(whole.slice(0, whole.length - end.length));
}

/** Gives the level of its entry in the outline to each heading that has one; lines that only the outline says are headings become candidates. */
function matchOutline(
  lines: readonly PdfLine[],
  candidates: Candidate[],
  outline: readonly OutlineEntry[],
  style: PageStyle,
): void {
  const starts = new Map<number, number>();
  for (const [index, { page }] of lines.entries()) if (!starts.has(page)) starts.set(page, index);
  const taken = new Map(candidates.map((candidate) => [candidate.start, candidate]));
  const byPage = new Map<number, Candidate[]>();
  for (const candidate of candidates) {
    const page = lines[candidate.start]?.page ?? 0;
    byPage.set(page, [...(byPage.get(page) ?? []), candidate]);
  }
  for (const { title, depth, page } of outline) {
    const from = starts.get(page);
    if (from === undefined) continue;
    let found = byPage.get(page)?.find(({ level, text }) => level === undefined && isTitled(text, title));
    for (let start = from; found === undefined && lines[start]?.page === page; start += 1) {
      let text = '';
      for (let end = start + 1; end <= start + MOST_LINES && lines[end - 1]?.page === page; end += 1) {
        text = joinLines([text, lines[end - 1]?.text ?? ''], style.spacedMixed);
        if (folded(text).length > folded(title).length + 20) break;
        const line = lines[start] as PdfLine;
        if (taken.has(start) || line.table !== undefined || /(?:\.\s?){4,}/.test(text) || !isTitled(text, title)) continue;
        found = {
          start,
          end,
          text,
          style: styleOf(line),
          size: line.fontSize,
          byWeight: line.fontSize < LARGER * style.bodySize,
        };
        candidates.push(found);
        taken.set(start, found);
        break;
      }
    }
    if (found !== undefined) found.level = depth;
  }
  candidates.sort((a, b) => a.start - b.start);
}

/** Levels of those that the outline does not have, by the styles of those that it has. */
function levelsByStyle(candidates: readonly Candidate[]): void {
  const matched = candidates.filter(({ level }) => level !== undefined);
  const levels = new Map<string, number[]>();
  for (const { style, level = 1 } of matched) levels.set(style, [...(levels.get(style) ?? []), level]);
  const largest = Math.max(...matched.map(({ size }) => size));
  const smallest = Math.min(...matched.filter(({ byWeight }) => !byWeight).map(({ size }) => size));
  const deepest = Math.max(...matched.map(({ level = 1 }) => level));
  for (const candidate of candidates) {
    if (candidate.level !== undefined) continue;
    const known = levels.get(candidate.style)?.sort((a, b) => a - b);
    if (known !== undefined) candidate.level = known[known.length >> 1] as number;
    else if (candidate.size >= largest) candidate.level = 1;
    else if (!candidate.byWeight && candidate.size < smallest) candidate.level = deepest + 1;
  }
}

/** Without an outline, levels are ranks of size, and bold text of the text's size comes last. */
function levelsByRank(candidates: readonly Candidate[]): void {
  const styles = new Map(
    candidates.map(({ style, size, byWeight }) => [
      byWeight ? 'bold' : String(Math.round(size * 2) / 2),
      { style, size: byWeight ? 0 : size },
    ]),
  );
  const ranked = [...styles].sort((a, b) => b[1].size - a[1].size).map(([key]) => key);
  for (const candidate of candidates)
    candidate.level = 1 + ranked.indexOf(candidate.byWeight ? 'bold' : String(Math.round(candidate.size * 2) / 2));
}

/** `Chapter 1`, `第一章` alone: the title stands in the next heading. */
const NUMBER_ALONE =
  /^(?:(?:chapter|part|appendix|section)\s+[\dA-Z]{1,5}|(?:第\s*[\d〇零一二三四五六七八九十百]+\s*[编章部篇]|附录\s*[A-Z\d一二三四五六七八九十]+))[.:：]?$/iu;

/**
 * Headings of a document, by its outline where it has one, and by size and weight of their letters.
 *
 * @param outline entries in order; without any, size and weight decide alone
 */
export function headingsOf(lines: readonly PdfLine[], style: PageStyle, outline: readonly OutlineEntry[]): PdfHeading[] {
  const candidates = candidatesOf(lines, style);
  matchOutline(lines, candidates, outline, style);
  if (candidates.filter(({ level }) => level !== undefined).length >= 3) levelsByStyle(candidates);
  else levelsByRank(candidates);
  const headings: PdfHeading[] = [];
  for (const { start, end, text, level } of candidates) {
    const last = headings.at(-1);
    if (last !== undefined && last.end > start) continue;
    const numbered =
      last !== undefined && last.end === start && lines[start]?.page === lines[last.start]?.page && NUMBER_ALONE.test(last.text);
    if (numbered && level !== undefined)
      headings[headings.length - 1] = { start: last.start, end, text: `${last.text} ${text}`, level };
    else if (level !== undefined) headings.push({ start, end, text, level: Math.min(6, level) });
    else if (NUMBER_ALONE.test(text)) headings.push({ start, end, text, level: 1 });
  }
  return headings;
}
