import { withoutPeriods } from '../../../base/index.ts';
import type { AnswerLanguage } from '../answer/index.ts';
import { shownPeriod } from './cell-periods.ts';
import type { FoundCell } from './find-cells.ts';

/** A piece of an answer, and the cell that it rests on. */
export interface TablePiece {
  readonly text: string;
  readonly cell?: FoundCell;
}

const BRACKETS = /\s*[(（][^()（）]*[)）]/gu;
const PERCENT = 100;

/** A cell's number with what it is: `Revenue, Q3 2022: 1,234 (RMB million)`. */
export function describeCell(cell: FoundCell, language: AnswerLanguage): string {
  const [label, period] = [labelOf(cell, language), shownPeriod(cell.period, language)];
  const [open, close] = language === 'zh' ? ['（', '）'] : [' (', ')'];
  const measure = hasMeasure(cell) ? '' : `${open}${cell.measure}${close}`;
  const name = language === 'zh' ? `${period}${label}：` : `${[label, period].filter((part) => part !== '').join(', ')}: `;
  return `${name}${cell.cell.text}${measure}`;
}

/** How a number went: each with its period, and then by how much it changed, where it turned, where it was highest and lowest. */
export function describeCourse(cells: readonly FoundCell[], language: AnswerLanguage): TablePiece[] {
  const [first, last] = [cells[0]!, cells.at(-1)!];
  const [open, close, comma, end] = language === 'zh' ? ['（', '）：', '，', '。'] : [' (', '): ', ', ', '. '];
  const measure = hasMeasure(first) ? (language === 'zh' ? '：' : ': ') : `${open}${first.measure}${close}`;
  const period = (cell: FoundCell): string => shownPeriod(cell.period, language);
  const points = cells.map((cell, place): TablePiece => {
    const before = place === 0 ? `${labelOf(first, language)}${measure}` : comma;
    return { text: `${before}${period(cell)}${language === 'zh' ? '为' : ' '}${cell.cell.text}`, cell };
  });
  return [...points, { text: `${end}${courseText(cells, { first, last, period, language })}` }];
}

function courseText(
  cells: readonly FoundCell[],
  {
    first,
    last,
    period,
    language,
  }: {
    readonly first: FoundCell;
    readonly last: FoundCell;
    readonly period: (cell: FoundCell) => string;
    readonly language: AnswerLanguage;
  },
): string {
  const difference = last.value - first.value;
  const direction = Math.sign(difference);
  const against = cells.filter((cell, place) => place > 0 && Math.sign(cell.value - cells[place - 1]!.value) === -direction);
  const turns = direction === 0 ? '' : against.map(period).join(language === 'zh' ? '、' : ' and ');
  const [high, low] = [Math.max(...cells.map(({ value }) => value)), Math.min(...cells.map(({ value }) => value))];
  const at = (value: number): string => period(cells.find((cell) => cell.value === value)!);
  const amount = changeOf(first, difference, language);
  if (language === 'zh') {
    const course = direction === 0 ? '持平' : `${direction > 0 ? '上升' : '下降'}${amount}`;
    const turned = turns === '' ? '' : `，其中${turns}${direction > 0 ? '回落' : '回升'}`;
    return `${period(first)}至${period(last)}${course}${turned}；最高为${at(high)}，最低为${at(low)}。`;
  }
  const course = direction === 0 ? 'It was the same at both ends,' : `It ${direction > 0 ? 'rose' : 'fell'} by ${amount}`;
  const turned = turns === '' ? '' : `, with ${direction > 0 ? 'falls' : 'rises'} in ${turns}`;
  return `${course} from ${period(first)} to ${period(last)}${turned}; highest in ${at(high)}, lowest in ${at(low)}.`;
}

/** A change in percent of where it began; in points where that is a percentage itself, or is not above zero. */
function changeOf({ value, cell, measure }: FoundCell, difference: number, language: AnswerLanguage): string {
  const isShare = /[%％]/u.test(cell.text) || /^[%％]$/u.test(measure);
  if (isShare) return `${round(Math.abs(difference))} ${language === 'zh' ? '个百分点' : 'percentage points'}`;
  if (value <= 0) return String(round(Math.abs(difference)));
  return `${((PERCENT * Math.abs(difference)) / value).toFixed(1)}%`;
}

const round = (value: number): number => Number(value.toPrecision(12));

/** Whether a cell says itself what its number is in, or nothing does. */
function hasMeasure({ cell, measure }: FoundCell): boolean {
  return measure === '' || /[%％\p{L}]/u.test(cell.text);
}

/** Row and column without periods and measures. */
function labelOf({ row, column }: FoundCell, language: AnswerLanguage): string {
  const labels = [row, column].map((label) =>
    withoutPeriods(label.replace(BRACKETS, ''))
      .replace(/\b(?:full[ -]year|total)\b|全年|合计|总计/giu, '')
      .trim(),
  );
  return labels.filter((label) => label !== '').join(language === 'zh' ? '' : ', ');
}
