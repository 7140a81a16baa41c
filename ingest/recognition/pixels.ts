/** A picture as numbers: sRGB, three bytes a pixel, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3] */
  readonly data: Uint8Array;
}

/** Quarters of a turn, clockwise. */
export type Quarters = 0 | 1 | 2 | 3;

/** A picture turned by quarters, every pixel as it was. */
export function turnPixels({ width, height, data }: Pixels, quarters: Quarters): Pixels {
  if (quarters === 0) return { width, height, data };
  const [wide, tall] = quarters === 2 ? [width, height] : [height, width];
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const column = quarters === 1 ? height - 1 - y : quarters === 2 ? width - 1 - x : y;
      const row = quarters === 1 ? x : quarters === 2 ? height - 1 - y : width - 1 - x;
      const [from, to] = [3 * (y * width + x), 3 * (row * wide + column)];
      turned[to] = data[from]!;
      turned[to + 1] = data[from + 1]!;
      turned[to + 2] = data[from + 2]!;
    }
  }
  return { width: wide, height: tall, data: turned };
}

/** A parallelogram of a picture: its corner, and what leads from there along its upper and its left side. Pixels, whose centres are at halves. */
export interface Region {
  readonly corner: readonly [x: number, y: number];
  readonly across: readonly [x: number, y: number];
  readonly down: readonly [x: number, y: number];
}

/** Where samples go: numbers of a network's input. */
interface Target {
  /** [3, rows, columns], blue first, of -1 to 1: what the networks were trained on. */
  readonly data: Float32Array;
  readonly columns: number;
  readonly rows: number;
  /** Columns that the region fills, from the left; the others stay as they are. */
  readonly filled: number;
}

/** Samples of one side of a pixel that is made of several. */
const MOST_SAMPLES = 4;

/** Samples a part of a picture, between pixels linearly, into the input of a network. Where many pixels become one, several samples do. What is outside of the picture is as its border. */
export function sampleRegion(picture: Pixels, { corner, across, down }: Region, { data, columns, rows, filled }: Target): void {
  const [stepX, stepY] = [[across[0] / filled, across[1] / filled] as const, [down[0] / rows, down[1] / rows] as const];
  const samplesX = samplesFor(Math.hypot(...stepX));
  const samplesY = samplesFor(Math.hypot(...stepY));
  const plane = columns * rows;
  const sum = new Float32Array(3);
  const scale = 2 / 255 / (samplesX * samplesY);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < filled; column++) {
      sum.fill(0);
      for (let subY = 0; subY < samplesY; subY++) {
        const v = row + (subY + 0.5) / samplesY;
        for (let subX = 0; subX < samplesX; subX++) {
          const u = column + (subX + 0.5) / samplesX;
          addSample(picture, corner[0] + u * stepX[0] + v * stepY[0], corner[1] + u * stepX[1] + v * stepY[1], sum);
        }
      }
      const at = row * columns + column;
      data[at] = sum[2]! * scale - 1;
      data[plane + at] = sum[1]! * scale - 1;
      data[2 * plane + at] = sum[0]! * scale - 1;
    }
  }
}

function samplesFor(step: number): number {
  return Math.min(MOST_SAMPLES, Math.max(1, Math.round(step)));
}

function addSample({ width, height, data }: Pixels, x: number, y: number, sum: Float32Array): void {
  const [px, py] = [Math.min(width - 1, Math.max(0, x - 0.5)), Math.min(height - 1, Math.max(0, y - 0.5))];
  const [left, top] = [Math.floor(px), Math.floor(py)];
  const [right, bottom] = [Math.min(width - 1, left + 1), Math.min(height - 1, top + 1)];
  const [fx, fy] = [px - left, py - top];
  const [a, b] = [3 * (top * width + left), 3 * (top * width + right)];
  const [c, d] = [3 * (bottom * width + left), 3 * (bottom * width + right)];
  for (let channel = 0; channel < 3; channel++) {
    const upper = data[a + channel]! * (1 - fx) + data[b + channel]! * fx;
    const lower = data[c + channel]! * (1 - fx) + data[d + channel]! * fx;
    sum[channel] = sum[channel]! + upper * (1 - fy) + lower * fy;
  }
}
