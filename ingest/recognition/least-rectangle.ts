export type Point = readonly [x: number, y: number];

/** A rectangle that may be turned. */
export interface Rectangle {
  readonly center: Point;
  /** Direction of its side that is nearest to horizontal, to the right: radians, -π/4 to π/4. */
  readonly angle: number;
  /** Along that direction, and across it. */
  readonly width: number;
  readonly height: number;
}

/** Corners of the convex hull, by Andrew's monotone chain. @param points sorted by x, then y */
function convexHull(points: readonly Point[]): Point[] {
  const half = (those: Iterable<Point>): Point[] => {
    const chain: Point[] = [];
    for (const point of those) {
      while (chain.length >= 2 && turn(chain.at(-2)!, chain.at(-1)!, point) <= 0) chain.pop();
      chain.push(point);
    }
    chain.pop();
    return chain;
  };
  if (points.length < 3) return [...points];
  return [...half(points), ...half([...points].reverse())];
}

function turn(a: Point, b: Point, c: Point): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/** The rectangle of least area around points, one side of which lies along a side of their hull. @param points sorted by x, then y; at least one */
export function leastRectangle(points: readonly Point[]): Rectangle {
  const hull = convexHull(points);
  let best: Rectangle | undefined;
  for (const [index, start] of hull.entries()) {
    const end = hull[(index + 1) % hull.length]!;
    const angle = withinEighth(Math.atan2(end[1] - start[1], end[0] - start[0]));
    const found = rectangleAt(hull, angle);
    if (best === undefined || found.width * found.height < best.width * best.height) best = found;
  }
  return best!;
}

/** The same direction of a rectangle's sides, between -π/4 and π/4. */
function withinEighth(angle: number): number {
  const quarter = Math.PI / 2;
  return angle - quarter * Math.round(angle / quarter);
}

function rectangleAt(points: readonly Point[], angle: number): Rectangle {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [x, y] of points) {
    const [u, v] = [x * cos + y * sin, y * cos - x * sin];
    [left, right] = [Math.min(left, u), Math.max(right, u)];
    [top, bottom] = [Math.min(top, v), Math.max(bottom, v)];
  }
  const [u, v] = [(left + right) / 2, (top + bottom) / 2];
  return { center: [u * cos - v * sin, u * sin + v * cos], angle, width: right - left, height: bottom - top };
}
