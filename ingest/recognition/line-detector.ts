import type { Rectangle } from './least-rectangle.ts';
import type { Network } from './network.ts';
import { type Pixels, sampleRegion } from './pixels.ts';
import { textRegions } from './text-regions.ts';

/** Sides of a picture as the network sees it: a smaller one is enlarged, a larger one made smaller. */
const SHORTER_SIDE = 736;
const LONGER_SIDE = 1280;
/** The network halves sides five times. */
const STEP = 32;

/** Where lines of text stand in a picture, each as a rectangle in its pixels. */
export async function detectLines(network: Network, picture: Pixels): Promise<Rectangle[]> {
  const { width, height } = picture;
  const enlarged = Math.max(1, SHORTER_SIDE / Math.min(width, height));
  const scale = Math.min(enlarged, LONGER_SIDE / Math.max(width, height));
  const [columns, rows] = [wholeSteps(width * scale), wholeSteps(height * scale)];
  const input = new Float32Array(3 * columns * rows);
  sampleRegion(
    picture,
    { corner: [0, 0], across: [width, 0], down: [0, height] },
    { data: input, columns, rows, filled: columns },
  );
  const { data } = await network.run(input, [1, 3, rows, columns]);
  const [scaleX, scaleY] = [width / columns, height / rows];
  return textRegions({ data, width: columns, height: rows }).map((region) => scaled(region, scaleX, scaleY));
}

function wholeSteps(side: number): number {
  return Math.max(STEP, Math.round(side / STEP) * STEP);
}

/** Both scales are nearly the same, and so is the angle. */
function scaled({ center, angle, width, height }: Rectangle, scaleX: number, scaleY: number): Rectangle {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return {
    center: [center[0] * scaleX, center[1] * scaleY],
    angle: Math.atan2(sin * scaleY, cos * scaleX),
    width: width * Math.hypot(cos * scaleX, sin * scaleY),
    height: height * Math.hypot(sin * scaleX, cos * scaleY),
  };
}
