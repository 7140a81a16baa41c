import { parseChineseNumber } from './chinese-numerals.ts';

/** A year, or a half or a quarter of one; without a year, one of any year. */
export interface CalendarPeriod {
  readonly year?: number;
  readonly quarter?: number;
  readonly half?: number;
}

export interface PeriodMatch extends CalendarPeriod {
  readonly start: number;
  readonly end: number;
}

const YEAR = '(?:19|20)\\d{2}';
const ORDINALS = ['first', 'second', 'third', 'fourth'];
const CHINESE_YEAR = `(?:${YEAR}|[零〇一二三四五六七八九]{4})`;
const PERIOD = new RegExp(
  [
    `(?:(?<chineseYear>${CHINESE_YEAR})\\s*年度?\\s*的?\\s*)?(?:第?\\s*(?<chineseQuarter>[1-4一二三四])\\s*季[度报]|(?<chineseHalf>[上下])半年)`,
    `(?:(?<![\\d.,])(?<before>${YEAR})[\\s,-]*)?(?<![\\p{L}\\d])(?:Q\\s?(?<quarter>[1-4])|H(?<half>[12])|(?<quarterWord>${ORDINALS.join('|')})[\\s-]+quarter|(?<halfWord>first|second)[\\s-]+half)(?![\\p{L}\\d])(?:[\\s,]*(?:(?:of|in)\\s+)?(?:the\\s+)?(?:(?:fiscal\\s+)?(?:year\\s+)?|FY\\s?)(?<behind>${YEAR})(?!\\d))?`,
    `(?<writtenYear>[零〇一二三四五六七八九]{4})\\s*年`,
    `(?<![\\d.,])(?:FY\\s?)?(?<year>${YEAR})(?![\\d%]|[.,]\\d)`,
  ].join('|'),
  'giu',
);

/** Years, halves and quarters that a text in English or Chinese names: Q3 2022, third quarter of 2022, 2022年第三季度, 上半年, 2022. */
export function findPeriods(text: string): PeriodMatch[] {
  return Array.from(text.matchAll(PERIOD), ({ 0: found, index, groups = {} }) => {
    const { chineseYear, writtenYear, before, behind, quarterWord, halfWord, chineseHalf } = groups;
    const year = numberOf(chineseYear ?? before ?? behind ?? writtenYear ?? groups['year']);
    const quarter = numberOf(groups['chineseQuarter'] ?? groups['quarter']) ?? ordinalOf(quarterWord);
    const half = numberOf(groups['half']) ?? ordinalOf(halfWord) ?? (chineseHalf && (chineseHalf === '上' ? 1 : 2)) ?? undefined;
    return {
      ...(year !== undefined && { year }),
      ...(quarter !== undefined && { quarter }),
      ...(typeof half === 'number' && { half }),
      start: index,
      end: index + found.length,
    };
  });
}

/** A text without the periods that it names. */
export function withoutPeriods(text: string): string {
  let kept = '';
  let place = 0;
  for (const { start, end } of findPeriods(text)) {
    kept += `${text.slice(place, start)} `;
    place = end;
  }
  return kept + text.slice(place);
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseChineseNumber(text);
}

function ordinalOf(word: string | undefined): number | undefined {
  return word === undefined ? undefined : ORDINALS.indexOf(word.toLowerCase()) + 1;
}
