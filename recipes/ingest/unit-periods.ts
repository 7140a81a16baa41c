import { type CalendarPeriod, findPeriods } from '../../base/index.ts';
import type { JsonValue } from '../../data/index.ts';
import type { Unit } from '../../ingest/index.ts';

const HEADING = /^(?<marks>#{1,6}) +(?<text>.+)$/gmu;
const LAST_DAYS = [31, 30, 30, 31];

/**
 * The time that a unit is about, as fields for filters: `year`, `quarter`, and its first and last day as `period_start` and `period_end`, which compare as dates. Its own heading counts before those above it, and these before the document's title; one that names two periods says neither.
 *
 * @returns nothing where no heading and no title names a year
 */
export function periodFields(
  { text, headings }: Pick<Unit, 'text' | 'headings'>,
  title: string | undefined,
): Readonly<Record<string, JsonValue>> {
  let period: CalendarPeriod = {};
  for (const said of [ownHeading(text), ...headings.toReversed(), title]) {
    const found = said === undefined ? [] : findPeriods(said);
    const { year, quarter, half } = found.length === 1 ? found[0]! : {};
    if (period.year !== undefined && year !== undefined && period.year !== year) continue;
    const isOpen = period.quarter === undefined && period.half === undefined && period.year === undefined;
    period = {
      ...period,
      ...(year !== undefined && { year }),
      ...(isOpen && quarter !== undefined && { quarter }),
      ...(isOpen && half !== undefined && { half }),
    };
    if (period.year !== undefined) break;
  }
  const { year, quarter, half } = period;
  if (year === undefined) return {};
  const first = quarter ?? (half === undefined ? 1 : 2 * half - 1);
  const last = quarter ?? (half === undefined ? 4 : 2 * half);
  return {
    year,
    ...(quarter !== undefined && { quarter }),
    period_start: `${year}-${twoDigits(3 * first - 2)}-01`,
    period_end: `${year}-${twoDigits(3 * last)}-${LAST_DAYS[last - 1]}`,
  };
}

/** The heading of all that a unit has: the only one of its highest level; undefined where several sections were joined. */
function ownHeading(text: string): string | undefined {
  const found = Array.from(text.matchAll(HEADING), ({ groups }) => ({ level: groups!['marks']!.length, text: groups!['text']! }));
  const highest = Math.min(...found.map(({ level }) => level));
  const outermost = found.filter(({ level }) => level === highest);
  return outermost.length === 1 ? outermost[0]!.text : undefined;
}

function twoDigits(month: number): string {
  return String(month).padStart(2, '0');
}
