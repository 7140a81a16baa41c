import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FormatError, UsageError, writeFileAtomically } from '../../base/index.ts';
import { parseConfig, type RunConfig, readRunValues } from '../../configs/index.ts';
import { checkRunConfig } from '../../training/index.ts';
import type { GlobalOptions } from '../command.ts';
import { runEval } from '../commands/eval.ts';
import { trainFromConfig } from '../commands/train.ts';
import type { Reporter } from '../output/reporter.ts';
import { adoptFromAlike, type ConfiguredRun, isRunFolder } from '../train/adopt-from-alike.ts';
import { type CurveBudget, withBudget } from './curve-budget.ts';
import { writeCurve } from './curve-files.ts';
import { type PlannedPoint, planPoints } from './curve-points.ts';
import { type CurvePoint, type CurveResult, measuredSchema } from './curve-result.ts';

export interface CurveOptions {
  readonly config: string;
  readonly set: readonly string[];
  readonly settings: readonly string[];
  readonly steps: number | undefined;
  readonly minutes: number | undefined;
  readonly data: string | undefined;
  readonly split: string | undefined;
  readonly candidates: 'judged' | 'corpus' | undefined;
  readonly output: string | undefined;
  readonly resume: boolean;
  readonly models: string | undefined;
}

/** Where the points are measured. */
type Measured = Pick<CurveResult, 'data' | 'split' | 'candidates'>;

/**
 * Trains one encoder for each of the settings under one budget, measures all on the same documents, and writes table and picture of saving against retention. A point that
 * was measured is not trained again, and one that was stopped goes on.
 *
 * @throws UsageError `CURVE_BUDGET`, `CURVE_DATA`, `CURVE_EXISTS`, `CURVE_SETTINGS`; as training and evaluation do
 */
export async function benchCurve(options: CurveOptions & GlobalOptions, reporter: Reporter): Promise<CurveResult> {
  const { values } = await readRunValues(options.config, options.set);
  const base = parseConfig(values, options.config);
  const budget = budgetOf(options, base);
  const measured = measuredOn(options, base);
  const points = planPoints(values, options.settings, options.config);
  const folder = options.output ?? join('runs', `${base.name}-curve`);
  const begun = points.filter(({ name }) => existsSync(join(folder, name)));
  if (begun.length > 0 && !options.resume) {
    throw new UsageError(
      'CURVE_EXISTS',
      `${folder} holds ${begun.length} of the curve's points: add --resume to go on with them, or name another folder with --output`,
      { details: { folder } },
    );
  }
  await mkdir(folder, { recursive: true });
  const made: CurvePoint[] = [];
  const ended: ConfiguredRun[] = [];
  let backend = options.backend;
  for (const planned of points) {
    reporter.note(`${planned.settings}: point ${made.length + 1} of ${points.length}`);
    const run = join(folder, planned.name);
    const point = await makePoint(planned, run, { budget, measured, ended }, options, reporter);
    if (point === undefined) break;
    made.push(point.point);
    backend = point.backend;
    ended.push({ run, config: planned.config });
  }
  const result = { config: options.config, budget, ...measured, backend, points: made, planned: points.length };
  return writeCurve({ ...result, interrupted: made.length < points.length }, folder);
}

interface PointContext {
  readonly budget: CurveBudget;
  readonly measured: Measured;
  readonly ended: readonly ConfiguredRun[];
}

/** @returns undefined when a signal ended its training */
async function makePoint(
  { name, settings, config }: PlannedPoint,
  run: string,
  { budget, measured, ended }: PointContext,
  options: CurveOptions & GlobalOptions,
  reporter: Reporter,
): Promise<{ point: CurvePoint; backend: string } | undefined> {
  const train = (own: RunConfig, folder: string, resume: boolean) =>
    trainFromConfig(own, { run: folder, resume, models: options.models, backend: options.backend }, reporter);
  if (!isRunFolder(run)) await adoptFromAlike(config, run, ended);
  const budgeted = await withBudget(config, run, budget, train);
  if (budgeted === undefined) return undefined;
  const path = join(run, 'point.json');
  if (!existsSync(path)) {
    const { interrupted, step, loss, seconds } = await train(budgeted, run, isRunFolder(run));
    if (interrupted) return undefined;
    const evaluation = await runEval(
      {
        ...measured,
        json: false,
        backend: options.backend,
        checkpoint: run,
        models: options.models,
        output: join(run, 'evaluation'),
      },
      reporter,
    );
    const { teacher, student, bm25, random } = evaluation.encoders;
    const ndcg = (row: Readonly<Record<string, number>>) => row['ndcg_at_10']!;
    const measures: z.infer<typeof measuredSchema> & { readonly backend: string } = {
      steps: step,
      loss: loss?.last ?? null,
      saving: budgeted.model.input === 'text' ? 0 : evaluation.saving,
      retention: evaluation.retention,
      ndcg: { teacher: ndcg(teacher), student: ndcg(student), bm25: ndcg(bm25), random: ndcg(random) },
      seconds,
      backend: evaluation.backend,
    };
    await writeFileAtomically(path, Buffer.from(`${JSON.stringify(measures, null, 2)}\n`));
  }
  await checkRunConfig(run, budgeted);
  const { backend, ...measures } = await readPoint(path);
  const { level, dictionarySize: dictionary, targetChunkSize: chunk } = config.pack;
  return { point: { name, settings, run, input: config.model.input, level, dictionary, chunk, ...measures }, backend };
}

const pointSchema = measuredSchema.extend({ backend: z.string() });

async function readPoint(path: string): Promise<z.infer<typeof pointSchema>> {
  try {
    return pointSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new FormatError(
      'CURVE_POINT',
      `${path} is not what cem bench curve writes; delete it to have the point measured again`,
      {
        details: { path },
        cause,
      },
    );
  }
}

function budgetOf({ steps, minutes }: CurveOptions, base: RunConfig): CurveBudget {
  if (steps !== undefined && minutes !== undefined)
    throw new UsageError('CURVE_BUDGET', '--steps and --minutes are two budgets: give one of them');
  if (steps !== undefined && !(Number.isInteger(steps) && steps > 0))
    throw new UsageError('CURVE_BUDGET', `--steps ${steps} is no whole number from 1 on`);
  if (minutes !== undefined && !(minutes > 0)) throw new UsageError('CURVE_BUDGET', `--minutes ${minutes} is not above 0`);
  return minutes === undefined ? { steps: steps ?? base.training.steps } : { minutes };
}

function measuredOn({ data, split, candidates }: CurveOptions, { data: { source, dev } }: RunConfig): Measured {
  if (data === undefined && dev === undefined) {
    throw new UsageError(
      'CURVE_DATA',
      'there is nothing to measure the points on: name a BEIR folder with --data, or data.dev in the configuration',
    );
  }
  return {
    data: data ?? dev?.source ?? source,
    split: split ?? dev?.split ?? 'dev',
    candidates: candidates ?? dev?.candidates ?? 'judged',
  };
}
