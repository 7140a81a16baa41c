import type { AnswerLanguage, ReadingUnit } from '../answer/index.ts';
import type { Terms } from '../question/index.ts';
import { type AskedTime, askedTime, isWithin } from './asked-periods.ts';
import { isPeriod, periodOrder } from './cell-periods.ts';
import { describeCell, describeCourse, type TablePiece } from './describe-cells.ts';
import { type FoundCell, findCells } from './find-cells.ts';

/** An answer in cells of tables. */
export interface TableAnswer {
  /** One behind the other they are the answer; a piece with a cell rests on it. */
  readonly pieces: readonly TablePiece[];
  /** The cell that is the answer by itself, where one is. */
  readonly short?: FoundCell;
  /** 0 to 1. */
  readonly confidence: number;
}

/** Labels and headings that are less of the question are about something else. */
const MINIMUM = 0.55;
/** Numbers of one answer. */
const MOST = 4;
const COURSE =
  /\btrends?\b|\bdevelop(?:ed|ment of)?\b|\bevolve[ds]?\b|\bchang(?:e[ds]?|ing)\b|\bgrow(?:n|ing)?\b|\bgrew\b|\bover time\b|\b(?:rise|rose|fall|fell)\b|趋势|变化|走势|变动|如何发展|怎样发展/iu;
const HIGHEST = /\b(?:highest|largest|most|peak(?:ed)?|best)\b|最高|最多|最大/iu;
const LOWEST = /\b(?:lowest|smallest|least|weakest)\b|最低|最少|最小/iu;
const NUMBER =
  /\bhow (?:much|many|high|large|big|low)\b|\bwhat\b|\bwhich (?:dose|value|number|amount)\b|多少|几|是什么|为何值|多大/iu;

/** Answers a question for a number, or for how a number went, from tables of the units; undefined where it asks for something else, or no cell has it. */
export function answerFromTables(
  question: string,
  units: readonly ReadingUnit[],
  { language, terms }: { readonly language: AnswerLanguage; readonly terms: Terms },
): TableAnswer | undefined {
  const time = askedTime(question);
  const wantsCourse = COURSE.test(question) || HIGHEST.test(question) || LOWEST.test(question) || time.isRange;
  if (!wantsCourse && !NUMBER.test(question)) return undefined;
  const cells = findCells(question, units, terms).filter(({ score }) => score >= MINIMUM);
  if (cells.length === 0) return undefined;
  const course = wantsCourse ? courseOf(cells, time) : undefined;
  if (course !== undefined) {
    const extreme = HIGHEST.test(question) ? highest(course) : LOWEST.test(question) ? lowest(course) : undefined;
    return {
      pieces: describeCourse(course, language),
      confidence: Math.min(...course.map(({ score }) => score)),
      ...(extreme && { short: extreme }),
    };
  }
  if (time.isRange) return undefined;
  const chosen = numbersOf(cells, time);
  if (chosen.length === 0) return undefined;
  const pieces = chosen.map((cell, place): TablePiece => {
    const between = place === 0 ? '' : language === 'zh' ? '；' : '; ';
    return { text: between + describeCell(cell, language), cell };
  });
  const [only] = chosen;
  return {
    pieces,
    confidence: Math.min(...chosen.map(({ score }) => score)),
    ...(chosen.length === 1 && { short: only! }),
  };
}

/** The cells of one series in the order of time; undefined for fewer than two. */
function courseOf(cells: readonly FoundCell[], time: AskedTime): readonly FoundCell[] | undefined {
  const within = seriesOf(cells)[0]!.filter(({ period }) => period.year !== undefined && isWithin(period, time));
  const years = new Set(time.periods.flatMap(({ year }) => year ?? []));
  const quarters = onePerPeriod(within.filter(({ period }) => period.quarter !== undefined));
  const whole = onePerPeriod(within.filter(({ period }) => period.quarter === undefined && period.half === undefined));
  const wanted = time.byQuarter || years.size === 1 ? [quarters, whole] : [whole, quarters];
  return wanted.find((points) => points.length > 1);
}

function onePerPeriod(cells: readonly FoundCell[]): readonly FoundCell[] {
  const points = new Map<number, FoundCell>();
  for (const cell of cells) {
    const order = periodOrder(cell.period);
    if (!points.has(order)) points.set(order, cell);
  }
  return [...points.entries()].sort(([first], [second]) => first - second).map(([, cell]) => cell);
}

/** The cells that a question asks for by name and time: one for each series and period. */
function numbersOf(cells: readonly FoundCell[], { periods }: AskedTime): readonly FoundCell[] {
  const chosen: FoundCell[] = [];
  for (const series of seriesOf(cells)) {
    for (const asked of periods) {
      const cell = series.find(({ period }) => isPeriod(asked, period));
      if (cell !== undefined && !chosen.includes(cell)) chosen.push(cell);
    }
    // Without a time only what is the same at all times is an answer.
    const [first, ...others] = series;
    if (periods.length === 0 && others.every(({ score, value }) => score < first!.score || value === first!.value))
      chosen.push(first!);
  }
  return chosen.slice(0, MOST);
}

/** Cells by series: all that the question names whole, in its order, without those that are a part of another's name; else the best one. */
function seriesOf(cells: readonly FoundCell[]): readonly (readonly FoundCell[])[] {
  const groups: FoundCell[][] = [];
  for (const cell of cells) {
    const group = groups.find(([first]) => isSame(first!.series, cell.series));
    if (group === undefined) groups.push([cell]);
    else group.push(cell);
  }
  const named = groups.filter(([first]) => first!.isNamed);
  if (named.length === 0) return groups.slice(0, 1);
  const isPart = ([first]: readonly FoundCell[]): boolean =>
    named.some(([other]) => other !== first && isPartOf(first!, other!) && !isPartOf(other!, first!));
  return named.filter((group) => !isPart(group)).sort(([first], [second]) => first!.place - second!.place);
}

/** Whether one cell's words are all in another's or above its table: revenue, and overseas in a table of the revenue. */
function isPartOf({ series }: FoundCell, whole: FoundCell): boolean {
  return [...series].every((term) => whole.series.has(term) || whole.near.has(term));
}

function isSame(first: ReadonlySet<string>, second: ReadonlySet<string>): boolean {
  return first.size === second.size && [...first].every((term) => second.has(term));
}

function highest(cells: readonly FoundCell[]): FoundCell {
  return cells.reduce((best, cell) => (cell.value > best.value ? cell : best));
}

function lowest(cells: readonly FoundCell[]): FoundCell {
  return cells.reduce((best, cell) => (cell.value < best.value ? cell : best));
}
