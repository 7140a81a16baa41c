import type { ReadingUnit } from '../answer/index.ts';
import { passageRange } from '../citations/index.ts';

/** Less of a unit is not worth its place, in tokens. */
const FEWEST = 48;
/** Of a unit whose head alone would not reach the passage that was found: the head's share of its tokens. */
const HEAD_SHARE = 0.4;
const CUT = '\n…\n';
/** Rounds in which a cut is made shorter until it fits. */
const ROUNDS = 12;

/** What is shown of a unit. */
export interface ShownUnit {
  readonly unit: ReadingUnit;
  readonly text: string;
}

/**
 * Fits units into a budget. Those that are shorter than an equal share are shown whole, and what they leave is shared by the others, of which the head is kept, and the passage that was found where it lies behind it. Where
 * shares would be too small for anything, the last units are left out.
 *
 * @param units the best first
 * @param budget tokens of all together
 */
export function fitUnits(units: readonly ReadingUnit[], budget: number, count: (text: string) => number): ShownUnit[] {
  const sizes = units.map(({ shown }) => count(shown));
  let kept = units.length;
  while (kept > 1 && budget / kept < FEWEST && sum(sizes.slice(0, kept)) > budget) kept--;
  const share = shareOf(sizes.slice(0, kept), budget);
  return units
    .slice(0, kept)
    .map((unit, place) => ({ unit, text: sizes[place]! <= share ? unit.shown : cutUnit(unit, sizes[place]!, share, count) }))
    .filter(({ text }) => text !== '');
}

/** The size up to which everything fits, when smaller things are taken whole. */
function shareOf(sizes: readonly number[], budget: number): number {
  let left = budget;
  const ascending = [...sizes].sort((first, second) => first - second);
  for (const [place, size] of ascending.entries()) {
    const share = left / (ascending.length - place);
    if (size > share) return Math.max(0, Math.floor(share));
    left -= size;
  }
  return Number.POSITIVE_INFINITY;
}

function cutUnit(unit: ReadingUnit, size: number, share: number, count: (text: string) => number): string {
  const { shown, text } = unit;
  const perToken = shown.length / size;
  const { start, end } = passageRange(unit);
  const isBehind = shown === text && end > share * perToken;
  if (!isBehind) return headOf(shown, share, perToken, count);
  const head = headOf(shown, Math.floor(share * HEAD_SHARE), perToken, count);
  const from = Math.max(start, head.length);
  const passage = headOf(shown.slice(from, Math.max(from, end)), share - count(head) - count(CUT), perToken, count);
  return passage === '' ? head : head + CUT + passage;
}

/** As much of a text's beginning as fits, cut behind a line, a sentence or a word. */
function headOf(text: string, tokens: number, perToken: number, count: (text: string) => number): string {
  if (tokens <= 0) return '';
  let length = Math.min(text.length, Math.floor(tokens * perToken * 1.1));
  for (let round = 0; round < ROUNDS && length > 0; round++) {
    const head = atBorder(text, length);
    const taken = count(head);
    if (taken <= tokens) return head;
    length = Math.floor(Math.min(length * 0.95, (head.length * tokens) / taken));
  }
  return '';
}

function atBorder(text: string, length: number): string {
  if (length >= text.length) return text;
  const head = text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');
  const border = /^[\s\S]*(?:\n|[.!?](?=\s)|[。！？；]|\s)/u.exec(head)?.[0].trimEnd() ?? '';
  return border.length > length / 2 ? border : head;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
