import { leastRectangle, type Point, type Rectangle } from './least-rectangle.ts';

/** How likely each pixel belongs to the kernel of a text line: [height, width] of 0 to 1. */
interface ProbabilityMap {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** From which probability on a pixel is of a text (Liao et al. 2020, "Real-time Scene Text Detection with Differentiable Binarization"). */
const PIXEL = 0.3;
/** Least mean probability inside of a region. */
const REGION = 0.5;
/** The network shrinks lines to kernels; a region grows by its area over its perimeter times this. */
const UNCLIP = 1.6;
/** Pixels of the map: a kernel's least side. */
const LEAST_SIDE = 3;
const MOST_REGIONS = 1000;

/** Text lines of a probability map, each as a rectangle in its pixels; at most 1,000. */
export function textRegions(map: ProbabilityMap): Rectangle[] {
  const regions: Rectangle[] = [];
  for (const outline of outlinesOf(map)) {
    const kernel = leastRectangle(outline);
    if (Math.min(kernel.width, kernel.height) < LEAST_SIDE || meanInside(map, kernel) < REGION) continue;
    regions.push(unclipped(kernel));
    if (regions.length === MOST_REGIONS) break;
  }
  return regions;
}

/** A kernel's rectangle, grown on all sides. */
function unclipped({ width, height, ...rest }: Rectangle): Rectangle {
  const distance = (UNCLIP * width * height) / (2 * (width + height));
  return { ...rest, width: width + 2 * distance, height: height + 2 * distance };
}

/** Groups of touching pixels, each as the corners of its pixels at the ends of its rows and columns, sorted by x, then y. */
function* outlinesOf({ data, width, height }: ProbabilityMap): Generator<Point[]> {
  const seen = new Uint8Array(data.length);
  const stack: number[] = [];
  for (let start = 0; start < data.length; start++) {
    if (seen[start] === 1 || data[start]! <= PIXEL) continue;
    // Highest and lowest pixel of each column: the hull has no others.
    const columns = new Map<number, [top: number, bottom: number]>();
    seen[start] = 1;
    stack.push(start);
    while (stack.length > 0) {
      const place = stack.pop()!;
      const [x, y] = [place % width, Math.floor(place / width)];
      const ends = columns.get(x);
      if (ends === undefined) columns.set(x, [y, y]);
      else columns.set(x, [Math.min(ends[0], y), Math.max(ends[1], y)]);
      for (let nextY = Math.max(0, y - 1); nextY <= Math.min(height - 1, y + 1); nextY++) {
        for (let nextX = Math.max(0, x - 1); nextX <= Math.min(width - 1, x + 1); nextX++) {
          const next = nextY * width + nextX;
          if (seen[next] === 1 || data[next]! <= PIXEL) continue;
          seen[next] = 1;
          stack.push(next);
        }
      }
    }
    yield [...columns]
      .sort(([a], [b]) => a - b)
      .flatMap(([x, [top, bottom]]): Point[] => [
        [x, top],
        [x, bottom + 1],
        [x + 1, top],
        [x + 1, bottom + 1],
      ])
      .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  }
}

function meanInside({ data, width, height }: ProbabilityMap, { center, angle, width: wide, height: tall }: Rectangle): number {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const reachX = (Math.abs(cos) * wide + Math.abs(sin) * tall) / 2;
  const reachY = (Math.abs(sin) * wide + Math.abs(cos) * tall) / 2;
  let [sum, count] = [0, 0];
  for (let y = Math.max(0, Math.floor(center[1] - reachY)); y < Math.min(height, center[1] + reachY); y++) {
    for (let x = Math.max(0, Math.floor(center[0] - reachX)); x < Math.min(width, center[0] + reachX); x++) {
      const [dx, dy] = [x + 0.5 - center[0], y + 0.5 - center[1]];
      if (Math.abs(dx * cos + dy * sin) > wide / 2 || Math.abs(dy * cos - dx * sin) > tall / 2) continue;
      sum += data[y * width + x]!;
      count++;
    }
  }
  return count === 0 ? 0 : sum / count;
}
