import { type CalendarPeriod, findPeriods, withoutPeriods } from '../../../base/index.ts';
import type { ReadingUnit } from '../answer/index.ts';
import { type Terms, withoutAsking } from '../question/index.ts';
import { type TableCell, type TextTable, tablesIn } from '../text/index.ts';
import { cellNumber } from './cell-number.ts';
import { periodOf } from './cell-periods.ts';

/** A cell with a number, and what it is the number of. */
export interface FoundCell {
  readonly unit: ReadingUnit;
  readonly cell: TableCell;
  readonly value: number;
  /** Labels of its row and its column. */
  readonly row: string;
  readonly column: string;
  /** What both say beside periods, in words: cells of one series have the same. */
  readonly series: ReadonlySet<string>;
  /** Whether the question has all of these words. */
  readonly isNamed: boolean;
  /** Words of the question that stand directly above its table. */
  readonly near: ReadonlySet<string>;
  /** Where the first of its words stands among the question's words. */
  readonly place: number;
  readonly period: CalendarPeriod;
  /** What it is measured in, as its table says: `RMB million`; empty where nothing does. */
  readonly measure: string;
  /** 0 to 1: how far its labels are the question's words, and how much of the question is in them and above them. */
  readonly score: number;
}

/** A label must have this share of its words in the question, and the question this share of its words in what stands around a cell. */
const LABEL = 0.5;
const QUESTION = 0.5;
/** What the words above a table and its labels count for. */
const CONTEXT_SHARE = 0.3;

const MEASURE =
  /(?:in\s+)?(?:RMB|CNY|USD|EUR|US\$|thousand|million|billion|percent|mg|ml|%|人民币|单位|百万元|万元|亿元|千元|万吨|毫克|毫升|元)/iu;
const IN_BRACKETS = /[(（]\s*(?<inside>[^()（）]{1,40}?)\s*[)）]/u;
const CHINESE_MEASURE = /单位\s*[:：]\s*(?<unit>[^\s，。；)）]{1,20})/u;
/** Words of a question about numbers that no table has. */
const CALENDAR_WORDS =
  /\b(?:quarter(?:ly|s)?|year(?:ly|s)?|annual(?:ly)?|full[ -]year|period)\b|(?:\b\d{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?)?\b(?:January|February|March|April|June|July|August|September|October|November|December|May(?=\s+\d))\b(?:\s+\d{1,2}\b)?|\d{1,2}\s*月(?:\s*\d{1,2}\s*日)?|本?(?:季度|年度?|报告期|期)末?|全年|[每各]年|年[末底]/giu;
const ASKING_FOR_NUMBERS =
  /\b(?:trends?|develop(?:ed)?|evolve[ds]?|chang(?:es?|ed)|grown?|grew|over time|amount|figure|value|highest|lowest|reported?|company)\b|趋势|变化|走势|如何|怎样|怎么样|数额|金额|最高|最低|公司/giu;

/** Cells with numbers whose row and column are what a question asks about, whatever their periods, the best first. */
export function findCells(question: string, units: readonly ReadingUnit[], terms: Terms): FoundCell[] {
  const plain = withoutPeriods(withoutAsking(question));
  const asked = new Set(terms(plain.replace(ASKING_FOR_NUMBERS, ' ').replace(CALENDAR_WORDS, ' ')));
  if (asked.size === 0) return [];
  const labelled = (label: string): readonly string[] =>
    terms(
      withoutPeriods(label.replace(IN_BRACKETS, ' '))
        .replace(CALENDAR_WORDS, ' ')
        .replace(/合计|总计|\btotal\b/giu, ' '),
    );
  const found = units.flatMap((unit) =>
    tablesIn(unit.text)
      .filter((table) => isShown(unit, table))
      .flatMap((table) => cellsOf(table, { unit, asked, terms, labelled })),
  );
  return found.sort((first, second) => second.score - first.score || first.unit.number - second.unit.number);
}

/** A filter may have left it out. */
function isShown({ text, shown }: ReadingUnit, { start, end }: TextTable): boolean {
  return shown === text || shown.includes(text.slice(start, end));
}

interface Asking {
  readonly unit: ReadingUnit;
  readonly asked: ReadonlySet<string>;
  readonly terms: Terms;
  readonly labelled: (label: string) => readonly string[];
}

function cellsOf(table: TextTable, { unit, asked, terms, labelled }: Asking): FoundCell[] {
  const { title = '', headings = [], fields = {} } = unit.metadata;
  const near = [table.caption, ...table.headings.toReversed()];
  const far = [...headings.toReversed(), title];
  const context = new Set(terms([...near, ...far, ...namesOf(fields)].join('\n')));
  const vocabulary = new Set([...table.columns, ...table.rows.map((row) => row[0]?.text ?? '')].flatMap(labelled));
  const wanted = new Set([...asked].filter((term) => vocabulary.has(term)));
  const order = [...asked];
  const above = new Set(terms(near.join('\n')).filter((term) => asked.has(term)));
  const cells: FoundCell[] = [];
  for (const row of table.rows) {
    const label = row[0]?.text ?? '';
    for (const [place, cell] of row.entries()) {
      const value = place === 0 ? undefined : cellNumber(cell.text);
      if (value === undefined) continue;
      const column = table.columns[place] ?? '';
      const [rowTerms, columnTerms] = [labelled(label), labelled(column)];
      const own = new Set([...rowTerms, ...columnTerms]);
      if (own.size === 0) continue;
      if ([rowTerms, columnTerms].some((one) => one.length > 0 && shareIn(one, asked) < LABEL)) continue;
      const shared = [...own].filter((term) => wanted.has(term)).length;
      const isNamed = shareIn([...own], asked) === 1;
      const alike = (2 * shared) / (own.size + wanted.size);
      // A question may ask for several numbers: one that it names is wanted, whatever else is.
      const labels = isNamed ? (1 + alike) / 2 : alike;
      const covered = shareIn([...asked], new Set([...own, ...context, ...(isNamed ? wanted : [])]));
      if (covered < QUESTION) continue;
      cells.push({
        unit,
        cell,
        value,
        row: label,
        column,
        series: own,
        isNamed,
        near: above,
        place: Math.max(0, Math.min(...[...own].filter((term) => asked.has(term)).map((term) => order.indexOf(term)))),
        period: periodOf([column, label], [...near, ...far], fields),
        measure: measureOf([column, label, ...near]),
        score: (1 - CONTEXT_SHARE) * labels + CONTEXT_SHARE * covered,
      });
    }
  }
  return cells;
}

function namesOf(fields: Readonly<Record<string, unknown>>): string[] {
  return Object.values(fields).filter((value) => typeof value === 'string');
}

function shareIn(terms: readonly string[], inside: ReadonlySet<string>): number {
  return terms.filter((term) => inside.has(term)).length / terms.length;
}

/** The first of some texts that says what numbers are measured in. */
function measureOf(texts: readonly string[]): string {
  for (const text of texts) {
    const written = CHINESE_MEASURE.exec(text)?.groups?.['unit'];
    if (written !== undefined) return written;
    const inside = IN_BRACKETS.exec(text)?.groups?.['inside'];
    if (inside !== undefined && MEASURE.test(inside) && findPeriods(inside).length === 0) return inside.replace(/^in\s+/i, '');
  }
  return '';
}
