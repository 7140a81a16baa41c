import type { Rectangle } from './least-rectangle.ts';
import { goesDown, regionOf } from './line-reader.ts';
import type { Network } from './network.ts';
import { type Pixels, type Quarters, sampleRegion } from './pixels.ts';

/** What the classifier wants to see. */
const ROWS = 48;
const COLUMNS = 192;
/** Lines that vote. */
const VOTERS = 16;

/**
 * By how many quarters a picture has to be turned, clockwise, for its lines to stand upright: their longer sides say whether they go across, and a classifier whether they stand on their heads.
 */
export async function turnOf(network: Network, picture: Pixels, lines: readonly Rectangle[]): Promise<Quarters> {
  const lengths = { across: 0, down: 0 };
  for (const line of lines) lengths[goesDown(line) ? 'down' : 'across'] += Math.max(line.width, line.height);
  const down = lengths.down > lengths.across;
  const voters = lines
    .filter((line) => goesDown(line) === down)
    .sort((a, b) => Math.max(b.width, b.height) - Math.max(a.width, a.height))
    .slice(0, VOTERS);
  const onHead = voters.length > 0 && (await standOnHeads(network, picture, voters));
  // A line is read from below upwards, as one that has to be turned by one quarter.
  if (down) return onHead ? 3 : 1;
  return onHead ? 2 : 0;
}

/** Whether more of the sum of probabilities is for lines that stand on their heads. */
async function standOnHeads(network: Network, picture: Pixels, lines: readonly Rectangle[]): Promise<boolean> {
  const size = 3 * ROWS * COLUMNS;
  const input = new Float32Array(lines.length * size);
  for (const [place, line] of lines.entries()) {
    const [length, thickness] = [Math.max(line.width, line.height), Math.min(line.width, line.height)];
    // Of a long line its middle.
    const share = Math.min(1, (COLUMNS / ROWS) * (thickness / length));
    const filled = Math.min(COLUMNS, Math.max(1, Math.ceil((ROWS * length) / thickness)));
    const data = input.subarray(place * size, (place + 1) * size);
    sampleRegion(picture, regionOf(line, (1 - share) / 2, (1 + share) / 2), { data, columns: COLUMNS, rows: ROWS, filled });
  }
  const { data } = await network.run(input, [lines.length, 3, ROWS, COLUMNS]);
  let lean = 0;
  for (let line = 0; line < lines.length; line++) lean += data[2 * line + 1]! - data[2 * line]!;
  return lean > 0;
}
