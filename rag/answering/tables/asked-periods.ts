import { type CalendarPeriod, findPeriods } from '../../../base/index.ts';
import { isPeriod, periodOrder } from './cell-periods.ts';

/** The time that a question is about. */
export interface AskedTime {
  /** Periods that it names, each with the year that it has or shares with another. */
  readonly periods: readonly CalendarPeriod[];
  /** Whether it asks for all from the first to the last. */
  readonly isRange: boolean;
  /** Whether it asks for quarters. */
  readonly byQuarter: boolean;
}

const BETWEEN = /^\s*(?:年|年度)?\s*(?:to|through|until|till|and|[-–—~～]|至|到|与|和)\s*$/iu;
const LEADS_TO_AND = /\b(?:between|from)\s*$|[从自]\s*$/iu;
const OPEN_END = /\bsince\s*$|[自从]\s*$/iu;
const BY_QUARTER = /\bquarter(?:s|ly)?\b|季度|逐季/iu;

/** What a question says of time. */
export function askedTime(question: string): AskedTime {
  const found = findPeriods(question);
  const years = new Set(found.flatMap(({ year }) => year ?? []));
  const periods = found.map(({ start: _, end: __, ...period }, place): CalendarPeriod => {
    if (period.year !== undefined || years.size === 0) return period;
    const year = [...found.slice(place), ...found.slice(0, place).reverse()].find((other) => other.year !== undefined)?.year;
    return { ...period, ...(year !== undefined && { year }) };
  });
  const [first, second] = found;
  const between = first && second && question.slice(first.end, second.start);
  const before = first === undefined ? '' : question.slice(0, first.start);
  const joins = between !== undefined && BETWEEN.test(between);
  const isPair = joins && /^\s*(?:年|年度)?\s*(?:and|与|和)/iu.test(between) && !LEADS_TO_AND.test(before);
  const isOpen = found.length === 1 && (OPEN_END.test(before) || /^以来/u.test(question.slice(first!.end)));
  return {
    periods,
    isRange: (joins && !isPair) || isOpen,
    byQuarter: BY_QUARTER.test(question) || found.some(({ quarter }) => quarter !== undefined),
  };
}

/** Whether a cell's period lies in the time of a question that asks for a course. */
export function isWithin(period: CalendarPeriod, { periods, isRange }: AskedTime): boolean {
  if (periods.length === 0) return true;
  if (!isRange) return periods.some((asked) => isPeriod(asked, period) || (isWholeYear(asked) && asked.year === period.year));
  const order = periodOrder(period);
  const [first, last] = [periods[0]!, periods[1]];
  return order >= periodStart(first) && (last === undefined || order <= periodOrder(last));
}

function isWholeYear({ year, quarter, half }: CalendarPeriod): boolean {
  return year !== undefined && quarter === undefined && half === undefined;
}

function periodStart(period: CalendarPeriod): number {
  const last = periodOrder(period);
  return isWholeYear(period) ? last - 3 : period.half === undefined ? last : last - 1;
}
