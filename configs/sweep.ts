import { UsageError } from '../base/index.ts';
import { planTrials, type SweepMetric, type TrialSettings } from '../training/index.ts';
import { parseConfig, readRunValues, setValue } from './load-config.ts';
import type { RunConfig } from './schema.ts';

/** One run of a sweep. */
export interface SweepTrial {
  /** Name of its folder: `trial-001`, … */
  readonly name: string;
  /** What it sets, by the path of the key. */
  readonly settings: TrialSettings;
  readonly config: RunConfig;
}

/** The runs that a configuration's `sweep` stands for; all of them are valid. */
export interface SweepPlan {
  /** The configuration's name: the trials lie below `runs/<name>`. */
  readonly name: string;
  readonly metric: SweepMetric;
  readonly trials: readonly SweepTrial[];
}

/**
 * Reads a configuration and makes that of each trial of its sweep.
 *
 * @throws UsageError as `loadConfig`, for a trial with its settings; `SWEEP_MISSING`, `SWEEP_METRIC`
 */
export async function loadSweep(path: string, settings: readonly string[] = []): Promise<SweepPlan> {
  const { values, sweep } = await readRunValues(path, settings);
  if (sweep === undefined)
    throw new UsageError(
      'SWEEP_MISSING',
      `${path} has no sweep: add one such as sweep: {grid: {training.optimizer.learningRate: [0.001, 0.002]}}`,
    );
  const base = parseConfig(values, path);
  const trials = planTrials(sweep).map((chosen, index): SweepTrial => {
    const name = `trial-${String(index + 1).padStart(3, '0')}`;
    const origin = `${path}, sweep, ${name}`;
    const own = structuredClone(values);
    for (const [key, value] of Object.entries(chosen)) setValue(own, key, structuredClone(value), origin);
    return { name, settings: chosen, config: parseConfig({ ...own, name: `${base.name}-${name}` }, origin) };
  });
  const evaluated = trials.every(({ config }) => config.data.dev !== undefined);
  const metric = sweep.metric ?? (evaluated ? 'ndcg@10' : 'loss');
  if (metric !== 'loss' && !evaluated)
    throw new UsageError(
      'SWEEP_METRIC',
      `${path}: sweep.metric ${metric} needs data.dev, which says what the trials are measured on`,
    );
  return { name: base.name, metric, trials };
}
