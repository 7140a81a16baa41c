import { join } from 'node:path';
import { formatDuration, formatShare, formatTable, writeFileAtomically } from '../../base/index.ts';
import { savingPicture } from '../../eval/report/index.ts';
import type { CurveBudget, CurvePoint, CurveResult } from './curve-result.ts';

/** Writes `curve.json`, `curve.md` and `curve.svg` into the curve's folder. */
export async function writeCurve(curve: Omit<CurveResult, 'files'>, folder: string): Promise<CurveResult> {
  const files = { json: join(folder, 'curve.json'), markdown: join(folder, 'curve.md'), picture: join(folder, 'curve.svg') };
  const result = { ...curve, files };
  await writeFileAtomically(files.picture, Buffer.from(savingPicture(curve.points)));
  await writeFileAtomically(files.markdown, Buffer.from(curveMarkdown(result)));
  await writeFileAtomically(files.json, Buffer.from(`${JSON.stringify(result, null, 2)}\n`));
  return result;
}

const HEADER = [
  'point',
  'input',
  'level',
  'dictionary',
  'chunk',
  'saving',
  'retention',
  'nDCG@10',
  'teacher',
  'BM25',
  'loss',
  'steps',
  'time',
];

function cells(point: CurvePoint): string[] {
  const { name, input, level, dictionary, chunk, saving, retention, ndcg, loss, steps, seconds } = point;
  return [
    name,
    input,
    String(level),
    String(dictionary),
    String(chunk),
    formatShare(saving),
    retention === null ? '-' : formatShare(retention),
    ndcg.student.toFixed(4),
    ndcg.teacher.toFixed(4),
    ndcg.bm25.toFixed(4),
    loss?.toFixed(4) ?? '-',
    String(steps),
    formatDuration(seconds),
  ];
}

/** The curve as a terminal shows it. */
export function curveText(curve: CurveResult): string {
  return [
    formatTable(HEADER, curve.points.map(cells)),
    '',
    conditions(curve),
    `${curve.files.json}, ${curve.files.markdown} and ${curve.files.picture}`,
    ...(curve.interrupted ? [`${curve.points.length} of ${curve.planned} points: the same command with --resume goes on`] : []),
  ].join('\n');
}

function curveMarkdown(curve: CurveResult): string {
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
  return `${[
    '# Saving against retention',
    '',
    '![Saving against retention](curve.svg)',
    '',
    line(HEADER),
    line(HEADER.map(() => '---')),
    ...curve.points.map((point) => line(cells(point))),
    '',
    conditions(curve),
    ...(curve.interrupted ? ['', `${curve.points.length} of ${curve.planned} points.`] : []),
  ].join('\n')}\n`;
}

function conditions({ config, budget, data, split, candidates, backend }: CurveResult): string {
  return `${config}, each point ${budgetText(budget)}; measured on ${data}, split ${split}, candidates ${candidates}; backend ${backend}; the input text stores nothing compressed`;
}

function budgetText(budget: CurveBudget): string {
  return 'steps' in budget ? `${budget.steps} steps` : `${budget.minutes} minutes of steps`;
}
