import type { PdfRule } from './rules.ts';

/** The grid of a table whose cells are divided by drawn lines. Points. */
export interface PdfGrid {
  /** Borders of its columns from left to right, one more than columns. */
  readonly columns: readonly number[];
  /** Borders of its rows from top to bottom; two where no lines divide rows. */
  readonly rows: readonly number[];
}

/** Lines and borders that are nearer are one. */
const NEAR = 3.5;
/** Share of the grid's height that a line down covers at least, to divide columns; of its width that one across covers, to divide rows. */
const COLUMN_LINE = 0.3;
const ROW_LINE = 0.2;
/** A page with more groups of lines has drawings. */
const MOST_RULES = 4_000;

/** Pieces of one line joined: a table's lines are often drawn cell by cell. */
function joinPieces(rules: readonly PdfRule[]): PdfRule[] {
  const joined: { across: boolean; at: number; from: number; to: number }[] = [];
  const sorted = [...rules].sort((a, b) => Number(a.across) - Number(b.across) || a.at - b.at || a.from - b.from);
  for (let start = 0; start < sorted.length; ) {
    const first = sorted[start] as PdfRule;
    let end = start + 1;
    while (end < sorted.length && sorted[end]?.across === first.across && (sorted[end]?.at ?? 0) - first.at <= NEAR / 2) end += 1;
    const line = sorted.slice(start, end).sort((a, b) => a.from - b.from);
    let last: { across: boolean; at: number; from: number; to: number } | undefined;
    for (const rule of line) {
      if (last !== undefined && rule.from - last.to <= NEAR) last.to = Math.max(last.to, rule.to);
      else {
        last = { ...rule };
        joined.push(last);
      }
    }
    start = end;
  }
  return joined;
}

function touch(a: PdfRule, b: PdfRule): boolean {
  if (a.across === b.across) return false;
  return a.at >= b.from - NEAR && a.at <= b.to + NEAR && b.at >= a.from - NEAR && b.at <= a.to + NEAR;
}

/** Groups of lines that touch each other. */
function groupsOf(rules: readonly PdfRule[]): PdfRule[][] {
  const groups: PdfRule[][] = [];
  const left = new Set(rules);
  for (const rule of rules) {
    if (!left.delete(rule)) continue;
    const group = [rule];
    for (let index = 0; index < group.length; index += 1) {
      for (const other of left) {
        if (!touch(group[index] as PdfRule, other)) continue;
        left.delete(other);
        group.push(other);
      }
    }
    groups.push(group);
  }
  return groups;
}

/** Places of lines along one axis, of those that cover a share of the other. */
function borders(lines: readonly PdfRule[], share: number, length: number): number[] {
  const places: { at: number; covered: number }[] = [];
  for (const { at, from, to } of [...lines].sort((a, b) => a.at - b.at)) {
    const last = places.at(-1);
    if (last !== undefined && at - last.at <= NEAR) last.covered += to - from;
    else places.push({ at, covered: to - from });
  }
  return places.filter(({ covered }) => covered >= share * length).map(({ at }) => at);
}

function gridOf(group: readonly PdfRule[]): PdfGrid | undefined {
  const across = group.filter((rule) => rule.across);
  const down = group.filter((rule) => !rule.across);
  if (across.length === 0 || down.length === 0) return undefined;
  const left = Math.min(...across.map(({ from }) => from), ...down.map(({ at }) => at));
  const right = Math.max(...across.map(({ to }) => to), ...down.map(({ at }) => at));
  const top = Math.min(...down.map(({ from }) => from), ...across.map(({ at }) => at));
  const bottom = Math.max(...down.map(({ to }) => to), ...across.map(({ at }) => at));
  const columns = withEnds(borders(down, COLUMN_LINE, bottom - top), left, right);
  const rows = withEnds(borders(across, ROW_LINE, right - left), top, bottom);
  return columns.length >= 3 && rows.length >= 2 ? { columns, rows } : undefined;
}

/** Borders with the grid's own ends, which need not be drawn. */
function withEnds(places: readonly number[], start: number, end: number): number[] {
  const inner = places.filter((place) => place - start > NEAR && end - place > NEAR);
  return [start, ...inner, end];
}

/** The grids that a page's lines make, of at least two columns. */
export function gridsOf(rules: readonly PdfRule[]): PdfGrid[] {
  const joined = joinPieces(rules);
  if (joined.length > MOST_RULES) return [];
  return groupsOf(joined)
    .map(gridOf)
    .filter((grid) => grid !== undefined);
}
