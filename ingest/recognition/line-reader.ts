import { type DecodedText, decodeCtc } from './decode-ctc.ts';
import type { Rectangle } from './least-rectangle.ts';
import type { Network } from './network.ts';
import { type Pixels, type Region, sampleRegion } from './pixels.ts';

/** Rows that the network wants. */
const ROWS = 48;
const LEAST_COLUMNS = 320;
/** A longer line is pressed together. */
const MOST_COLUMNS = 3200;
/** Columns of all lines of one run together. */
const COLUMNS_OF_RUN = 6400;

/** A line's text, with the place of each of its UTF-16 units in parts of its length. */
export interface ReadText extends Omit<DecodedText, 'frames'> {
  readonly places: readonly number[];
}

/** What stands in regions of a picture, read along their longer sides unless they are nearly square. */
export async function readLines(
  network: Network,
  characters: readonly string[],
  picture: Pixels,
  lines: readonly Rectangle[],
): Promise<ReadText[]> {
  const texts: ReadText[] = new Array(lines.length);
  const wanted = lines.map((line, index) => ({ index, region: regionOf(line), columns: columnsOf(line) }));
  wanted.sort((a, b) => a.columns - b.columns);
  for (let start = 0; start < wanted.length; ) {
    let end = start + 1;
    while (end < wanted.length && (end + 1 - start) * Math.max(LEAST_COLUMNS, wanted[end]!.columns) <= COLUMNS_OF_RUN) end++;
    const run = wanted.slice(start, end);
    const columns = Math.max(LEAST_COLUMNS, run.at(-1)!.columns);
    const input = new Float32Array(run.length * 3 * ROWS * columns);
    for (const [place, { region, columns: filled }] of run.entries()) {
      const data = input.subarray(place * 3 * ROWS * columns, (place + 1) * 3 * ROWS * columns);
      sampleRegion(picture, region, { data, columns, rows: ROWS, filled });
    }
    const { data, shape } = await network.run(input, [run.length, 3, ROWS, columns]);
    const [, frames = 0, classes = 0] = shape;
    for (const [place, { index, columns: filled }] of run.entries()) {
      const scores = data.subarray(place * frames * classes, (place + 1) * frames * classes);
      const { frames: places, ...text } = decodeCtc(scores, frames, characters);
      texts[index] = { ...text, places: places.map((frame) => Math.min(1, ((frame + 0.5) / frames) * (columns / filled))) };
    }
    start = end;
  }
  return texts;
}

/** A region that is so many times taller than wide is a line that goes down. */
const UPRIGHT = 1.5;

export function goesDown({ width, height }: Rectangle): boolean {
  return height >= UPRIGHT * width;
}

function columnsOf(line: Rectangle): number {
  const [length, thickness] = goesDown(line) ? [line.height, line.width] : [line.width, line.height];
  return Math.min(MOST_COLUMNS, Math.max(1, Math.ceil((ROWS * length) / thickness)));
}

/** A line as it is read: upright, or from below upwards. @param from, to parts of its length that are taken */
export function regionOf(line: Rectangle, from = 0, to = 1): Region {
  const { center, angle, width, height } = line;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [right, below] = [
    [cos * width, sin * width],
    [-sin * height, cos * height],
  ] as const;
  const down = goesDown(line);
  // Turned to the right by a quarter, what went up goes to the right.
  const along: readonly [number, number] = down ? [-below[0], -below[1]] : right;
  const aside: readonly [number, number] = down ? right : below;
  const corner: readonly [number, number] = [
    center[0] - along[0] / 2 - aside[0] / 2 + from * along[0],
    center[1] - along[1] / 2 - aside[1] / 2 + from * along[1],
  ];
  return { corner, across: [along[0] * (to - from), along[1] * (to - from)], down: aside };
}
