import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { CemError, FormatError, type Listener, silentListener, UsageError, writeFileAtomically } from '../../base/index.ts';
import type { RunConfig, SweepPlan, SweepTrial } from '../../configs/index.ts';
import { checkRunConfig, listRuns, type SweepMetric, type TrialSettings } from '../../training/index.ts';
import { adoptFromAlike, isRunFolder } from './adopt-from-alike.ts';
import { settingsText } from './settings-text.ts';

/** How a trial ended, as it stands in its folder when it has. */
const recordSchema = z.strictObject({
  step: z.number(),
  /** Loss in the last line of its metrics; null where it failed before there was one. */
  loss: z.number().nullable(),
  best: z.strictObject({ step: z.number(), 'ndcg@10': z.number(), retention: z.number() }).nullable(),
  /** Time that it took; of a trial that was gone on with, since then. */
  seconds: z.number(),
  /** Why its training could not go on; null where it did. */
  failure: z.string().nullable(),
});
type TrialRecord = z.infer<typeof recordSchema>;

/** A trial that has ended, with its place. */
export interface RankedTrial extends TrialRecord {
  readonly name: string;
  readonly run: string;
  readonly settings: TrialSettings;
  /** Value of the metric that the sweep is ranked by; null where it failed. */
  readonly value: number | null;
}

/** What a sweep came to. */
export interface SweepResult {
  readonly sweep: string;
  readonly metric: SweepMetric;
  /** Those that have ended, the best first; those that failed last. */
  readonly trials: readonly RankedTrial[];
  readonly planned: number;
  /** Whether a signal ended it before its last trial. */
  readonly interrupted: boolean;
}

/** What a trial's training says of itself. */
interface TrialOutcome {
  readonly interrupted: boolean;
  readonly step: number;
  readonly best: TrialRecord['best'];
}

interface SweepRunOptions {
  /** Folder of the sweep; `runs/<name>` unless given. */
  readonly run: string | undefined;
  readonly resume: boolean;
  /** Trains one trial in its folder. */
  readonly train: (config: RunConfig, run: string, resume: boolean) => Promise<TrialOutcome>;
  readonly listener?: Listener | undefined;
}

/** Training that ended because of the settings it was given: the next trial is tried. */
const FAILURES_OF_SETTINGS = ['TRAINING_NOT_FINITE'];

/**
 * Trains the trials of a sweep one after the other, each as a run of its own, and ranks them. A trial that has ended is not trained again, and one that was stopped goes on.
 *
 * @throws UsageError `SWEEP_EXISTS` for a folder with trials in it without `resume`; CemError `RUN_CONFIG_DIFFERS` for trials of another sweep, and as training does
 */
export async function runSweep(plan: SweepPlan, options: SweepRunOptions): Promise<SweepResult> {
  const { listener = silentListener } = options;
  const folder = options.run ?? join('runs', plan.name);
  const begun = plan.trials.filter(({ name }) => isRunFolder(join(folder, name)));
  if (begun.length > 0 && !options.resume) {
    throw new UsageError(
      'SWEEP_EXISTS',
      `${folder} holds ${begun.length} of the sweep's trials: add --resume to go on with them, or name another folder with --run`,
      { details: { folder } },
    );
  }
  const ended: RankedTrial[] = [];
  let interrupted = false;
  for (const trial of plan.trials) {
    const run = join(folder, trial.name);
    listener.note(`${trial.name} of ${plan.trials.length}: ${settingsText(trial.settings)}`);
    const record = await readRecord(trial, run).then((known) => known ?? trainTrial(trial, run, plan, options));
    if (record === undefined) {
      interrupted = true;
      break;
    }
    ended.push({ name: trial.name, run, settings: trial.settings, ...record, value: metricValue(record, plan.metric) });
  }
  return { sweep: folder, metric: plan.metric, trials: ranked(ended, plan.metric), planned: plan.trials.length, interrupted };
}

/** @returns undefined when a signal ended it */
async function trainTrial(
  { name, config }: SweepTrial,
  run: string,
  plan: SweepPlan,
  options: SweepRunOptions,
): Promise<TrialRecord | undefined> {
  const start = performance.now();
  const resume = isRunFolder(run);
  const others = plan.trials.map((trial) => ({ config: trial.config, run: join(dirname(run), trial.name) }));
  if (!resume)
    await adoptFromAlike(
      config,
      run,
      others.filter((other) => existsSync(recordPath(other.run))),
    );
  let ending: Pick<TrialRecord, 'step' | 'best' | 'failure'>;
  try {
    const { interrupted, step, best } = await options.train(config, run, resume);
    if (interrupted) return undefined;
    ending = { step, best, failure: null };
  } catch (error) {
    if (!(error instanceof CemError) || !FAILURES_OF_SETTINGS.includes(error.code)) throw error;
    ending = { step: Number(error.details['step'] ?? 0), best: null, failure: error.message };
  }
  const loss = (await listRuns(dirname(run))).find(({ path }) => basename(path) === name)?.loss ?? null;
  const record: TrialRecord = { ...ending, loss, seconds: (performance.now() - start) / 1000 };
  await writeFileAtomically(recordPath(run), Buffer.from(`${JSON.stringify(record, null, 2)}\n`));
  return record;
}

function recordPath(run: string): string {
  return join(run, 'trial.json');
}

/** How a trial ended, where it has; it must have been made with the same settings. */
async function readRecord({ config }: SweepTrial, run: string): Promise<TrialRecord | undefined> {
  if (!existsSync(recordPath(run))) return undefined;
  await checkRunConfig(run, config);
  try {
    return recordSchema.parse(JSON.parse(await readFile(recordPath(run), 'utf8')));
  } catch (cause) {
    throw new FormatError(
      'SWEEP_RECORD',
      `${recordPath(run)} is not what a sweep writes; delete it to have the trial looked at again`,
      {
        details: { run },
        cause,
      },
    );
  }
}

function metricValue({ failure, best, loss }: TrialRecord, metric: SweepMetric): number | null {
  if (failure !== null) return null;
  return metric === 'loss' ? loss : (best?.[metric] ?? null);
}

/** Best first: low losses, high measures; of equal ones the earlier trial. */
function ranked(trials: readonly RankedTrial[], metric: SweepMetric): RankedTrial[] {
  const cost = ({ value }: RankedTrial): number => {
    if (value === null) return Number.POSITIVE_INFINITY;
    return metric === 'loss' ? value : -value;
  };
  return [...trials].sort((a, b) => {
    const [left, right] = [cost(a), cost(b)];
    return left === right ? 0 : left - right;
  });
}
