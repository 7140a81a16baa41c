import { type Bounds, cheapestGroups, plainBorderCosts } from './cheapest-groups.ts';
import type { Piece } from './piece.ts';
import type { Range } from './split-text.ts';

/** A heading's section: what stands under it up to the next heading of its level or above. */
interface Section {
  readonly level: number;
  readonly from: number;
  to: number;
  readonly sections: Section[];
}

/** A group to be: pieces and their tokens. */
interface Group extends Range {
  readonly tokens: number;
}

/**
 * Groups pieces by the hierarchy of headings. A section that fits stays whole, a larger one is cut at its subsections, one without subsections between its pieces. Neighbours are joined
 * while one of them is below the minimum and both together fit, those under the same heading first. So what stays below the minimum has only neighbours that are too large to be joined with it.
 */
export function sectionGroups(pieces: readonly Piece[], bounds: Bounds): Range[] {
  const sums = [0];
  for (const { tokens } of pieces) sums.push(sums.at(-1)! + tokens);
  const groupOf = ({ from, to }: Range): Group => ({ from, to, tokens: sums[to]! - sums[from]! });
  const cut = (section: Section): Group[] => {
    const whole = groupOf(section);
    if (whole.tokens <= bounds.maximum) return [whole];
    const parts: Group[][] = [];
    let from = section.from;
    for (const inner of section.sections) {
      if (inner.from > from) parts.push(fill({ from, to: inner.from }));
      parts.push(cut(inner));
      from = inner.to;
    }
    if (section.to > from) parts.push(fill({ from, to: section.to }));
    return joined(parts.flat(), bounds);
  };
  const fill = (range: Range): Group[] => {
    const inner = pieces.slice(range.from, range.to);
    const groups = cheapestGroups(inner, plainBorderCosts(inner), bounds);
    return groups.map(({ from, to }) => groupOf({ from: range.from + from, to: range.from + to }));
  };
  return cut(sectionTree(pieces));
}

/** Joins what is below the minimum with what follows, until it is not or the next does not fit; what is left of it with what goes before. */
function joined(groups: readonly Group[], { minimum, maximum }: Bounds): Group[] {
  const join = (isSmall: (last: Group, group: Group) => boolean, list: readonly Group[]): Group[] => {
    const result: Group[] = [];
    for (const group of list) {
      const last = result.at(-1);
      if (last !== undefined && isSmall(last, group) && last.tokens + group.tokens <= maximum)
        result[result.length - 1] = { from: last.from, to: group.to, tokens: last.tokens + group.tokens };
      else result.push(group);
    }
    return result;
  };
  const forward = join((last) => last.tokens < minimum, groups);
  return join((last, group) => Math.min(last.tokens, group.tokens) < minimum, forward);
}

function sectionTree(pieces: readonly Piece[]): Section {
  const root: Section = { level: 0, from: 0, to: pieces.length, sections: [] };
  const open = [root];
  for (const [place, { levels }] of pieces.entries()) {
    for (const level of levels) {
      while (open.length > 1 && open.at(-1)!.level >= level) open.pop()!.to = place;
      const section: Section = { level, from: place, to: pieces.length, sections: [] };
      open.at(-1)!.sections.push(section);
      open.push(section);
    }
  }
  return root;
}
