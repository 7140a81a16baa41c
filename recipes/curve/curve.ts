import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { FormatError, silentListener, UsageError, writeFileAtomically } from '../../base/index.ts';
import { parseConfig, type RunConfig, readRunValues } from '../../configs/index.ts';
import { checkRunConfig } from '../../training/index.ts';
import { evaluateCheckpoint } from '../evaluate/index.ts';
import { adoptFromAlike, type ConfiguredRun, isRunFolder } from '../sweep/index.ts';
import type { TrainRunChoices } from '../train/index.ts';
import { trainRun } from '../train/index.ts';
import { withBudget } from './curve-budget.ts';
import { writeCurve } from './curve-files.ts';
import { type PlannedPoint, planPoints } from './curve-points.ts';
import { type CurveBudget, type CurvePoint, type CurveResult, pointSchema } from './curve-result.ts';

export interface CurveOptions extends Omit<TrainRunChoices, 'run'> {
  /** Path of a YAML file of a run. */
  readonly config: string;
  /** Overrides keys of the file: `a.b=c` each. */
  readonly set?: readonly string[] | undefined;
  /** A point each: `key=value,key=value` with input, level, dictionary, chunk or the path of a key; the usual ones unless given. */
  readonly settings?: readonly string[] | undefined;
  /** The budget of a point in steps; the file's by default. */
  readonly steps?: number | undefined;
  /** The budget in minutes of training steps, which are timed first. */
  readonly minutes?: number | undefined;
  /** BEIR folder to measure on; the file's `data.dev` by default. */
  readonly data?: string | undefined;
  /** Whose queries; of `data.dev`, else `dev`. */
  readonly split?: string | undefined;
  /** By default as `data.dev` says, else `judged`. */
  readonly candidates?: 'judged' | 'corpus' | undefined;
  /** Folder of the points and of `curve.json`, `.md` and `.svg`; `runs/<name>-curve` by default. */
  readonly output?: string | undefined;
}

/** Where the points are measured. */
type Measured = Pick<CurveResult, 'data' | 'split' | 'candidates'>;

/**
 * Trains one encoder for each of the settings under one budget, measures all on the same documents, and writes table and picture of saving against retention. A point that
 * was measured is not trained again, and one that was stopped goes on.
 *
 * @throws UsageError `CURVE_BUDGET`, `CURVE_DATA`, `CURVE_EXISTS`, `CURVE_SETTINGS`; as training and evaluation do
 */
export async function curve(options: CurveOptions): Promise<CurveResult> {
  const { set = [], settings = [], listener = silentListener } = options;
  const { values } = await readRunValues(options.config, set);
  const base = parseConfig(values, options.config);
  const budget = budgetOf(options, base);
  const measured = measuredOn(options, base);
  const points = planPoints(values, settings, options.config);
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
  let backend = options.backend ?? 'auto';
  for (const planned of points) {
    listener.note(`${planned.settings}: point ${made.length + 1} of ${points.length}`);
    const run = join(folder, planned.name);
    const point = await makePoint(planned, run, { budget, measured, ended }, options);
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
  options: CurveOptions,
): Promise<{ point: CurvePoint; backend: string } | undefined> {
  const { models, backend, listener, signal } = options;
  const train = (own: RunConfig, folder: string, resume: boolean) =>
    trainRun(own, { run: folder, resume, models, backend, listener, signal });
  if (!isRunFolder(run)) await adoptFromAlike(config, run, ended);
  const budgeted = await withBudget(config, run, budget, train);
  if (budgeted === undefined) return undefined;
  const path = join(run, 'point.json');
  if (!existsSync(path)) {
    const { interrupted, step, loss, seconds } = await train(budgeted, run, isRunFolder(run));
    if (interrupted) return undefined;
    const evaluation = await evaluateCheckpoint({
      ...measured,
      checkpoint: run,
      output: join(run, 'evaluation'),
      models,
      backend,
      listener,
      signal,
    });
    const { teacher, student, bm25, random } = evaluation.encoders;
    const ndcg = (row: Readonly<Record<string, number>>) => row['ndcg_at_10']!;
    const measures: z.infer<typeof pointSchema> = {
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
  const { backend: used, ...measures } = await readPoint(path);
  const { level, dictionarySize: dictionary, targetChunkSize: chunk } = config.pack;
  return { point: { name, settings, run, input: config.model.input, level, dictionary, chunk, ...measures }, backend: used };
}

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
