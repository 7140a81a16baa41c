import { loadSweep } from '../../configs/index.ts';
import { type TrainRunOptions, trainRun } from '../train/index.ts';
import { runSweep, type SweepResult } from './run-sweep.ts';

export interface SweepOptions extends Omit<TrainRunOptions, 'config'> {
  /** Path of a YAML file that has a `sweep`. */
  readonly config: string;
}

/**
 * Trains the trials of a configuration's sweep, each as a run of its own below the sweep's folder, and ranks them. An aborted signal ends the trial it is at with a checkpoint.
 *
 * @throws UsageError as `loadSweep`; and what `runSweep` throws
 */
export async function sweep({ config, set = [], run, resume = false, ...choices }: SweepOptions): Promise<SweepResult> {
  return runSweep(await loadSweep(config, set), {
    run,
    resume,
    train: (trial, folder, again) => trainRun(trial, { ...choices, run: folder, resume: again }),
    listener: choices.listener,
  });
}
