import { type CalendarPeriod, findPeriods } from '../../../base/index.ts';

/** Of a row or a column that is about a whole year, whatever stands above it. */
const WHOLE_YEAR = /\b(?:full[ -]year|whole year|annual|year total|total|twelve months)\b|全年|年度|合计|总计/iu;

/**
 * The period that a cell is about: what its column or its row says, and what that leaves open from the headings, the caption, the title and the fields of its unit, the nearest first.
 *
 * @param labels of the cell
 * @param around from the nearest to the farthest
 */
export function periodOf(
  labels: readonly string[],
  around: readonly string[],
  fields: Readonly<Record<string, unknown>> = {},
): CalendarPeriod {
  let period: CalendarPeriod = Object.assign({}, ...labels.map(lastPeriod));
  const isClosed = period.quarter !== undefined || period.half !== undefined || labels.some((label) => WHOLE_YEAR.test(label));
  const whole = isClosed || period.year !== undefined;
  for (const text of around) {
    const { year, ...part } = lastPeriod(text);
    const isPart = period.quarter === undefined && period.half === undefined && !whole;
    if (period.year !== undefined && year !== undefined && period.year !== year) continue;
    period = { ...(year !== undefined && { year }), ...(isPart && part), ...period };
  }
  const { year, quarter } = fields;
  if (period.year === undefined && typeof year === 'number') period = { ...period, year };
  const isOpen = !whole && period.quarter === undefined && period.half === undefined;
  return isOpen && typeof quarter === 'number' ? { ...period, quarter } : period;
}

/** The last period that a text names, without its place. */
function lastPeriod(text: string): CalendarPeriod {
  const { start: _, end: __, ...period } = findPeriods(text).at(-1) ?? { start: 0, end: 0 };
  return period;
}

/** Whether a cell is about just that: one that a question asks for without a year is of any. */
export function isPeriod(asked: CalendarPeriod, { year, quarter, half }: CalendarPeriod): boolean {
  return (asked.year === undefined || asked.year === year) && asked.quarter === quarter && asked.half === half;
}

/** Orders periods by their end. */
export function periodOrder({ year = 0, quarter, half }: CalendarPeriod): number {
  return year * 4 + (quarter ?? (half === undefined ? 4 : 2 * half)) - 1;
}

const CHINESE_QUARTERS = ['一', '二', '三', '四'];

/** As a person writes it: Q3 2022, 2022年第三季度. */
export function shownPeriod({ year, quarter, half }: CalendarPeriod, language: 'en' | 'zh'): string {
  if (language === 'zh') {
    const part =
      quarter === undefined
        ? half === undefined
          ? ''
          : `${half === 1 ? '上' : '下'}半年`
        : `第${CHINESE_QUARTERS[quarter - 1]}季度`;
    return `${year === undefined ? '' : `${year}年`}${part}`;
  }
  const part = quarter === undefined ? (half === undefined ? '' : `H${half}`) : `Q${quarter}`;
  return [part, year].filter((word) => word !== '' && word !== undefined).join(' ');
}
