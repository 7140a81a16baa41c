import type { CellPlace, Citation, ReadingUnit } from '../answer/index.ts';
import { findQuote, openHeadings, sentencesIn, type TextRange, tablesIn } from '../text/index.ts';

/** A citation as a reader says it, which may be wrong in all of it. */
export interface ProposedCitation {
  /** A unit's number or its id, as a number or in words: `2`, `"[Document 2]"`. */
  readonly document: unknown;
  readonly quote?: unknown;
  readonly relevance?: unknown;
}

/** A citation that holds, before it has a number. */
export interface CheckedCitation {
  readonly unit: ReadingUnit;
  readonly range: TextRange;
  readonly relevance: number;
}

/** Of what a reader names no relevance for. */
const DEFAULT_RELEVANCE = 0.5;
const PERCENT = 100;

/** Holds what a reader cites against the units that it was given, and nothing else: the same units give the same citations, whoever asks and whenever. */
export class CitationChecker {
  readonly #units: readonly ReadingUnit[];
  /** Proposals that did not hold. */
  dropped = 0;

  constructor(units: readonly ReadingUnit[]) {
    this.#units = units;
  }

  /** The unit that a reader means; undefined where it was given none of that name. */
  unitOf(document: unknown): ReadingUnit | undefined {
    if (typeof document !== 'string' && typeof document !== 'number') return undefined;
    const named = String(document).trim();
    const byId = this.#units.find(({ result }) => result.document === named);
    if (byId !== undefined) return byId;
    const number = /^[[【(]?\s*(?:documents?|docs?|sources?|文档|文件|资料)?\s*[#:：_-]?\s*(\d{1,6})\s*[\])】]?$/iu.exec(
      named.normalize('NFKC'),
    )?.[1];
    return number === undefined ? undefined : this.#units.find((unit) => unit.number === Number(number));
  }

  /** A proposal, checked; undefined where it does not hold, which is counted. */
  check({ document, quote, relevance }: ProposedCitation): CheckedCitation | undefined {
    const unit = this.unitOf(document);
    const range = unit && typeof quote === 'string' ? findQuote(unit.text, quote, passageRange(unit)) : undefined;
    if (unit === undefined || range === undefined) {
      this.dropped++;
      return undefined;
    }
    return { unit, range, relevance: shareOf(relevance) ?? DEFAULT_RELEVANCE };
  }
}

/** Gives citations their numbers, from 1, in the order in which an answer names them; the same place in a unit has one number. */
export class CitationNumbers {
  readonly #numbers = new Map<string, number>();
  readonly citations: Citation[] = [];

  /** @returns its number, and the citation where it is new */
  number({ unit, range, relevance }: CheckedCitation): { readonly number: number; readonly citation?: Citation } {
    const key = `${unit.number} ${range.start} ${range.end}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return { number: known };
    const number = this.citations.length + 1;
    const citation = citationOf(unit, range, number, relevance);
    this.#numbers.set(key, number);
    this.citations.push(citation);
    return { number, citation };
  }
}

function citationOf({ result, text, metadata }: ReadingUnit, range: TextRange, number: number, relevance: number): Citation {
  const { document, chunk, passage } = result;
  const { source, title, pages, fields } = metadata;
  const headings = headingsAt(text, range.start, metadata.headings ?? []);
  const cell = cellAt(text, range);
  return {
    number,
    document,
    chunk,
    passage,
    text: text.slice(range.start, range.end),
    span: byteSpan(text, range),
    ...(source !== undefined && { source }),
    ...(title !== undefined && { title }),
    ...(pages !== undefined && { pages }),
    ...(headings.length > 0 && { headings }),
    ...(fields !== undefined && { fields }),
    ...(cell && { cell }),
    relevance,
  };
}

/** Headings above a place: those of the unit, and behind them those in its text, outermost first. */
function headingsAt(text: string, place: number, above: readonly string[]): readonly string[] {
  const open = openHeadings(text, sentencesIn(text.slice(0, place)));
  return [...above, ...open.filter((heading) => !above.includes(heading))];
}

/** The cell of a table that a range lies in, by the labels of its row and its column; undefined elsewhere. */
function cellAt(text: string, range: TextRange): CellPlace | undefined {
  for (const { columns, rows, start, end } of tablesIn(text)) {
    if (range.start < start || range.end > end) continue;
    for (const row of rows) {
      const place = row.findIndex((cell) => range.start >= cell.start && range.end <= cell.end);
      if (place >= 0) return { row: row[0]!.text, column: columns[place] ?? '' };
    }
  }
  return undefined;
}

/** A range of a text in bytes of UTF-8. */
export function byteSpan(text: string, { start, end }: TextRange): { readonly start: number; readonly end: number } {
  const first = Buffer.byteLength(text.slice(0, start));
  return { start: first, end: first + Buffer.byteLength(text.slice(start, end)) };
}

/** The found passage of a unit in UTF-16 units of its text. */
export function passageRange({ text, passage }: ReadingUnit): TextRange {
  const bytes = Buffer.from(text);
  const start = bytes.subarray(0, passage.start).toString().length;
  return { start, end: start + bytes.subarray(passage.start, passage.end).toString().length };
}

/** A share as models write it: 0.8, "0.8", "80%", 80, "high"; undefined for anything else. */
export function shareOf(value: unknown): number | undefined {
  if (typeof value === 'string') {
    const word = WORDS[value.trim().toLowerCase()];
    if (word !== undefined) return word;
  }
  const text = typeof value === 'string' ? value.trim().replace(/%$/, '') : value;
  const number = typeof text === 'number' ? text : typeof text === 'string' && text !== '' ? Number(text) : Number.NaN;
  if (!Number.isFinite(number) || number < 0 || number > PERCENT) return undefined;
  return number > 1 ? number / PERCENT : number;
}

const WORDS: Readonly<Record<string, number>> = { high: 0.9, medium: 0.6, low: 0.3, 高: 0.9, 中: 0.6, 低: 0.3 };
