import type { Pixels } from './pixels.ts';

/** A straight line of dark pixels, across or down. Pixels. */
interface RuledLine {
  readonly across: boolean;
  /** y of the middle of one that goes across, x of one that goes down. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/** Luminance below which a pixel is dark: lines of a scan are grey at their borders. */
const DARK = 160;
/** Shares of the picture's longer side: shorter lines are strokes of letters, thicker ones surfaces. */
const SHORTEST = 1 / 45;
const THICKEST = 1 / 250;
/** Pixels that a line may miss. */
const GAP = 2;
/** A picture with more has a pattern. */
const MOST = 20_000;

/** Straight lines that a picture of a page shows, as divide the cells of tables. */
export function ruledLines(picture: Pixels): RuledLine[] {
  const dark = darkOf(picture);
  const longer = Math.max(picture.width, picture.height);
  const bounds = { shortest: Math.max(24, longer * SHORTEST), thickest: Math.max(4, longer * THICKEST) };
  const across = linesAlong(picture.width, picture.height, (along, aside) => dark[aside * picture.width + along]!, bounds);
  const down = linesAlong(picture.height, picture.width, (along, aside) => dark[along * picture.width + aside]!, bounds);
  return [...across.map((line) => ({ ...line, across: true })), ...down.map((line) => ({ ...line, across: false }))];
}

function darkOf({ width, height, data }: Pixels): Uint8Array {
  const dark = new Uint8Array(width * height);
  for (let pixel = 0; pixel < dark.length; pixel++) {
    const [red, green, blue] = [data[3 * pixel]!, data[3 * pixel + 1]!, data[3 * pixel + 2]!];
    dark[pixel] = 0.299 * red + 0.587 * green + 0.114 * blue < DARK ? 1 : 0;
  }
  return dark;
}

interface Stretch {
  first: number;
  last: number;
  from: number;
  to: number;
}

/** Long stretches of dark pixels, those of neighbouring rows as one line where it is thin. */
function linesAlong(
  length: number,
  rows: number,
  isDark: (along: number, aside: number) => number,
  { shortest, thickest }: { readonly shortest: number; readonly thickest: number },
): Omit<RuledLine, 'across'>[] {
  const lines: Omit<RuledLine, 'across'>[] = [];
  let open: Stretch[] = [];
  const close = (stretch: Stretch): void => {
    if (stretch.last - stretch.first < thickest && lines.length < MOST)
      lines.push({ at: (stretch.first + stretch.last + 1) / 2, from: stretch.from, to: stretch.to });
  };
  for (let row = 0; row < rows; row++) {
    for (const [from, to] of stretchesOf(length, (along) => isDark(along, row), shortest)) {
      const above = open.find((stretch) => stretch.last >= row - 1 && stretch.from < to && from < stretch.to);
      if (above === undefined) open.push({ first: row, last: row, from, to });
      else [above.last, above.from, above.to] = [row, Math.min(above.from, from), Math.max(above.to, to)];
    }
    for (const stretch of open) if (stretch.last < row) close(stretch);
    open = open.filter(({ last }) => last === row);
  }
  for (const stretch of open) close(stretch);
  return lines;
}

/** Stretches of dark pixels that are no shorter than said, small gaps left out of account. */
function* stretchesOf(
  length: number,
  isDark: (along: number) => number,
  shortest: number,
): Generator<readonly [from: number, to: number]> {
  let [start, end] = [-1, -1];
  for (let along = 0; along <= length; along++) {
    if (along < length && isDark(along) === 1) {
      if (start < 0) start = along;
      end = along + 1;
    } else if (start >= 0 && (along === length || along - end >= GAP)) {
      if (end - start >= shortest) yield [start, end];
      start = -1;
    }
  }
}
