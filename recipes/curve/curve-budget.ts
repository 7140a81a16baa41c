import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CemError, writeFileAtomically } from '../../base/index.ts';
import type { RunConfig } from '../../configs/index.ts';
import { adoptCorpus, readMetrics } from '../../training/index.ts';
import { isRunFolder } from '../sweep/index.ts';
import type { CurveBudget } from './curve-result.ts';

/** Steps that are timed to know how many go into the minutes; those of the first quarter, which also compile and allocate, do not count. */
const TIMED_STEPS = 24;
const LINES = 4;

const lineSchema = z.object({ steps_per_second: z.number().positive() });
const budgetSchema = z.strictObject({ minutes: z.number(), steps: z.number().int().positive() });

/**
 * The configuration of a point with the steps that its budget gives it. For minutes some steps are timed first, in a run of their own below the point's folder, whose packed
 * corpus and teacher the point takes over. What came out is kept, so that a point which is gone on with has the steps that it began with.
 *
 * @returns undefined when a signal ended the timing
 * @throws CemError `CURVE_BUDGET_DIFFERS` for a point that was begun with other minutes
 */
export async function withBudget(
  config: RunConfig,
  run: string,
  budget: CurveBudget,
  train: (config: RunConfig, run: string, resume: boolean) => Promise<{ readonly interrupted: boolean }>,
): Promise<RunConfig | undefined> {
  if ('steps' in budget) return withSteps(config, budget.steps);
  const path = join(run, 'budget.json');
  const probe = join(run, 'timed');
  if (!existsSync(path)) {
    const timed = withSteps(config, TIMED_STEPS);
    const training = { ...timed.training, logEvery: TIMED_STEPS / LINES };
    await adoptCorpus(run, probe);
    const { interrupted } = await train({ ...timed, training }, probe, isRunFolder(probe));
    if (interrupted) return undefined;
    const steps = Math.max(1, Math.floor(60 * budget.minutes * (await stepsPerSecond(join(probe, 'metrics.jsonl')))));
    await adoptCorpus(probe, run);
    await writeFileAtomically(path, Buffer.from(`${JSON.stringify({ minutes: budget.minutes, steps })}\n`));
  }
  await rm(probe, { recursive: true, force: true });
  const known = budgetSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  if (known.minutes !== budget.minutes) {
    throw new CemError(
      'CURVE_BUDGET_DIFFERS',
      `${run} was begun with a budget of ${known.minutes} minutes, not ${budget.minutes}: give the same, or another folder with --output`,
      { details: { run } },
    );
  }
  return withSteps(config, known.steps);
}

/** The schedule ends with the last step; a warm-up made for more steps takes no more than a tenth of them. */
function withSteps(config: RunConfig, steps: number): RunConfig {
  const { training } = config;
  if (training.steps === steps) return config;
  const warmupSteps = Math.min(training.schedule.warmupSteps, Math.ceil(steps / 10));
  return { ...config, training: { ...training, steps, schedule: { ...training.schedule, warmupSteps } } };
}

async function stepsPerSecond(metrics: string): Promise<number> {
  const lines = (await readMetrics(metrics)).slice(1);
  const seconds = lines.map((line) => 1 / lineSchema.parse(line).steps_per_second);
  return lines.length / seconds.reduce((sum, value) => sum + value, 0);
}
