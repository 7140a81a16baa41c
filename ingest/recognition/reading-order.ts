import type { RecognisedLine } from './text-recogniser.ts';

/** Parts of a line's height that another may be off to stand beside it. */
const BESIDE = 0.5;

/** Lines in rows from top to bottom, those of a row from left to right. */
function rowsOfLines(lines: readonly RecognisedLine[]): RecognisedLine[][] {
  const rows: RecognisedLine[][] = [];
  for (const line of [...lines].sort((a, b) => a.region.center[1] - b.region.center[1])) {
    const row = rows.at(-1);
    const first = row?.[0]?.region;
    const beside =
      first !== undefined && line.region.center[1] - first.center[1] < BESIDE * Math.min(first.height, line.region.height);
    if (beside) row!.push(line);
    else rows.push([line]);
  }
  return rows.map((row) => row.sort((a, b) => a.region.center[0] - b.region.center[0]));
}

/** Words of a picture as they stand in rows. */
export function wordsOfLines(lines: readonly RecognisedLine[]): string {
  return rowsOfLines(lines)
    .map((row) => row.map(({ text }) => text).join(' '))
    .join('\n');
}
