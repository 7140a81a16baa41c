import { joinRuns } from './glyph-text.ts';
import type { PdfRun } from './page-runs.ts';

/** Runs on one baseline, from left to right. */
export interface PdfRow {
  readonly runs: readonly PdfRun[];
  readonly baseline: number;
  /** The largest of its runs. */
  readonly fontSize: number;
  readonly left: number;
  readonly right: number;
}

/** Baselines that differ by less than this part of the font size are one: letters of several fonts, and raised or lowered ones, which are smaller. */
const SAME_BASELINE = 0.3;
const RAISED = 0.5;

function belongs(row: { baseline: number; fontSize: number }, run: PdfRun): boolean {
  const [small, large] = row.fontSize < run.fontSize ? [row.fontSize, run.fontSize] : [run.fontSize, row.fontSize];
  return Math.abs(row.baseline - run.baseline) <= (small < 0.85 * large ? RAISED : SAME_BASELINE) * large;
}

/** Rows of runs, from top to bottom; a row's baseline is that of its largest run. */
export function rowsOf(runs: readonly PdfRun[]): PdfRow[] {
  const rows: { runs: PdfRun[]; baseline: number; fontSize: number }[] = [];
  // The large ones first, so that a raised letter finds the row it belongs to.
  const bySize = runs.map((run, index) => ({ run, index })).sort((a, b) => b.run.fontSize - a.run.fontSize || a.index - b.index);
  const buckets = new Map<number, { runs: PdfRun[]; baseline: number; fontSize: number }[]>();
  const bucketOf = (baseline: number) => Math.floor(baseline / 8);
  for (const { run } of bySize) {
    let best: { runs: PdfRun[]; baseline: number; fontSize: number } | undefined;
    const reach = Math.ceil((RAISED * Math.max(run.fontSize, bySize[0]?.run.fontSize ?? 0)) / 8);
    for (let bucket = bucketOf(run.baseline) - reach; bucket <= bucketOf(run.baseline) + reach; bucket += 1) {
      for (const row of buckets.get(bucket) ?? []) {
        if (!belongs(row, run)) continue;
        if (best === undefined || Math.abs(row.baseline - run.baseline) < Math.abs(best.baseline - run.baseline)) best = row;
      }
    }
    if (best === undefined) {
      best = { runs: [], baseline: run.baseline, fontSize: run.fontSize };
      rows.push(best);
      const bucket = bucketOf(run.baseline);
      buckets.set(bucket, [...(buckets.get(bucket) ?? []), best]);
    }
    best.runs.push(run);
  }
  return rows
    .map(({ runs: those, baseline, fontSize }) => {
      const sorted = those.sort((a, b) => a.left - b.left);
      return {
        runs: sorted,
        baseline,
        fontSize,
        left: sorted[0]?.left ?? 0,
        right: Math.max(...sorted.map(({ right }) => right)),
      };
    })
    .sort((a, b) => a.baseline - b.baseline || a.left - b.left);
}

/** A row's text, its runs joined. */
export function textOfRow({ runs }: PdfRow): string {
  return runs.reduce(
    (text, run, index) => (index === 0 ? run.text : joinRuns({ ...(runs[index - 1] as PdfRun), text }, run)),
    '',
  );
}

/** Parts of a row that stand apart, as cells of a table do. */
export interface PdfSegment {
  readonly text: string;
  readonly left: number;
  readonly right: number;
}

/** Gap, in parts of the font size, that sets parts of a row apart; the spaces of justified lines are smaller. */
const APART = 1.6;

/** The parts of a row that stand apart. */
export function segmentsOf(row: PdfRow): PdfSegment[] {
  const segments: PdfRun[] = [];
  for (const run of row.runs) {
    const last = segments.at(-1);
    if (last === undefined || run.left - last.right > APART * row.fontSize) segments.push(run);
    else
      segments[segments.length - 1] = {
        ...run,
        text: joinRuns(last, run),
        left: last.left,
        right: Math.max(last.right, run.right),
      };
  }
  return segments.map(({ text, left, right }) => ({ text, left, right }));
}
