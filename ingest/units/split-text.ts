import type { UnitBorder } from './unit.ts';

/** A part of something that is larger than a unit. */
export interface Part {
  /** As Markdown. */
  readonly text: string;
  readonly startsAt: UnitBorder;
}

/** Numbers from `from` up to and without `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

const sentences = new Intl.Segmenter('und', { granularity: 'sentence' });

/** Sentences of a text by Unicode's borders (UAX 29), which know Chinese full stops, in order and without white space at their ends. Nothing but white space is left out. */
export function sentencesOf(text: string): string[] {
  const found = Array.from(sentences.segment(text), ({ segment }) => segment.trim());
  return found.filter((sentence) => sentence !== '');
}

/** Ends of what a text consists of, the coarsest first: sentences (Unicode's, which know Chinese full stops), clauses and words, characters. */
const SEGMENTS: readonly ((text: string) => number[])[] = [
  (text) => Array.from(sentences.segment(text), ({ index, segment }) => index + segment.length),
  (text) => Array.from(text.matchAll(/\S*?(?:\s+|[，、：；]|$)/gu), ({ index, 0: { length } }) => index + length),
  characterEnds,
];

/**
 * Parts a text at the coarsest borders that give parts that fit, as few as that allows.
 *
 * @param render a part of the text as Markdown; `place` is where it begins in the text
 */
export function splitText(
  text: string,
  render: (part: string, place: number) => string,
  fits: (markdown: string) => boolean,
): Part[] {
  const parts: Part[] = [];
  const split = (start: number, end: number, level: number, border: UnitBorder): void => {
    const ends = SEGMENTS[level]!(text.slice(start, end)).map((place) => start + place);
    const startOf = (segment: number): number => (segment === 0 ? start : ends[segment - 1]!);
    const rendered = ({ from, to }: Range): string => render(text.slice(startOf(from), ends[to - 1]!).trim(), startOf(from));
    for (const range of fillRanges(ends.length, (wanted) => fits(rendered(wanted)))) {
      const [from, to] = [startOf(range.from), ends[range.to - 1]!];
      if (text.slice(from, to).trim() === '') continue;
      const isFine = range.to > range.from + 1 || level === SEGMENTS.length - 1 || fits(rendered(range));
      const startsAt = from === start ? border : level === 0 ? 'sentence' : 'inside';
      if (isFine) parts.push({ text: rendered(range), startsAt });
      else split(from, to, level + 1, startsAt);
    }
  };
  split(0, text.length, 0, 'sentence');
  return parts;
}

/**
 * Ranges that fit, each as long as possible; one thing that does not fit has a range of its own.
 *
 * @param fits must hold for what begins at the same place and is shorter, if it holds at all
 */
export function fillRanges(length: number, fits: (range: Range) => boolean): Range[] {
  const ranges: Range[] = [];
  let size = 1;
  for (let from = 0; from < length; ) {
    // The last range's size is the first guess; it is doubled until it is too much, then halved down to the border.
    let fitting = from + 1;
    let over = length + 1;
    for (let guess = from + size; over > length && fitting < length; ) {
      const to = Math.min(guess, length);
      if (to > fitting && !fits({ from, to })) over = to;
      else {
        fitting = Math.max(fitting, to);
        guess = from + 2 * (fitting - from);
      }
    }
    while (over <= length && over - fitting > 1) {
      const middle = (fitting + over) >>> 1;
      if (fits({ from, to: middle })) fitting = middle;
      else over = middle;
    }
    ranges.push({ from, to: fitting });
    size = fitting - from;
    from = fitting;
  }
  return ranges;
}

/** Behind each character; halves of one are not parted. */
function characterEnds(text: string): number[] {
  const ends: number[] = [];
  for (let place = 0; place < text.length; ) {
    place += text.codePointAt(place)! > 0xffff ? 2 : 1;
    ends.push(place);
  }
  return ends;
}
