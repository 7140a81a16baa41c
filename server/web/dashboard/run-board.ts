import { access } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { UsageError } from '../../../base/index.ts';
import { findRuns, readRunSteps } from '../../../training/index.ts';
import { HttpError } from '../../errors.ts';
import { MetricsFile } from './metrics-file.ts';
import type { PointsAnswer, RunState, RunsAnswer, SeriesAnswer } from './page/answers.ts';
import { pictured, type Series, smoothed } from './series.ts';

export interface RunBoardOptions {
  /** A folder of runs: all in it are shown, those that begin later too. */
  readonly folder: string;
  /** Folders of runs; when there are any, these are shown and no others. */
  readonly runs: readonly string[];
}

export interface SeriesOptions {
  /** Most points of a quantity, at least 4. */
  readonly points: number;
  /** 0 to below 1; 0 gives no smooth values. */
  readonly smoothing: number;
}

interface ShownRun {
  readonly metrics: MetricsFile;
  readonly steps: number | null;
}

/** The runs that a dashboard shows, and what they measured so far. */
export class RunBoard {
  readonly #folder: string | null;
  readonly #named: readonly string[];
  readonly #runs = new Map<string, ShownRun>();

  private constructor(folder: string | null, named: readonly string[]) {
    this.#folder = folder;
    this.#named = named;
  }

  /** @throws CemError `RUNS_FOLDER` when the folder cannot be read, UsageError `RUN_MISSING` when a named one is no run */
  static async open({ folder, runs }: RunBoardOptions): Promise<RunBoard> {
    if (runs.length === 0) {
      await findRuns(folder);
      return new RunBoard(folder, []);
    }
    for (const path of runs) {
      try {
        await access(join(path, 'config.yaml'));
      } catch (cause) {
        throw new UsageError('RUN_MISSING', `${path} is no run: it has no config.yaml; --folder shows the runs in a folder`, {
          details: { path },
          cause,
        });
      }
    }
    return new RunBoard(null, [...new Set(runs.map((path) => normalize(path)))]);
  }

  /** How the runs stand now, by name. Reads what they wrote since the last call. */
  async list(): Promise<RunsAnswer> {
    const ids = this.#folder === null ? this.#named : await findRuns(this.#folder);
    for (const id of this.#runs.keys()) if (!ids.includes(id)) this.#runs.delete(id);
    const runs = await Promise.all(ids.map((id) => this.#state(id)));
    return { folder: this.#folder, runs };
  }

  /**
   * What a run measured, from what the last `list` read.
   * @throws HttpError `RUN_UNKNOWN` for a run that is not among those listed
   */
  series(id: string, { points, smoothing }: SeriesOptions): SeriesAnswer {
    const run = this.#runs.get(id);
    if (run === undefined) throw new HttpError(404, `no run "${id}" is shown`, { code: 'RUN_UNKNOWN' });
    const { metrics } = run;
    const series = [...metrics.series].map(([name, all]): [string, PointsAnswer] => [name, thinned(all, points, smoothing)]);
    return { run: id, version: metrics.version, series: Object.fromEntries(series) };
  }

  async #state(id: string): Promise<RunState> {
    const path = this.#folder === null ? id : join(this.#folder, id);
    let run = this.#runs.get(id);
    if (run === undefined) {
      run = { metrics: new MetricsFile(join(path, 'metrics.jsonl')), steps: await readRunSteps(path) };
      this.#runs.set(id, run);
    }
    const { metrics, steps } = run;
    let problem: string | undefined;
    try {
      await metrics.refresh();
    } catch (error) {
      problem = (error as Error).message;
    }
    const { step, lines, updated, version } = metrics;
    const state = { id, step, steps, lines, updated, version };
    return problem === undefined ? state : { ...state, problem };
  }
}

function thinned({ step, seconds, value }: Series, points: number, smoothing: number): PointsAnswer {
  const positions = pictured(value, points);
  const pick = (column: readonly number[]) => positions.map((position) => column[position]!);
  const thin = { step: pick(step), seconds: pick(seconds), value: pick(value) };
  return smoothing === 0 ? thin : { ...thin, smooth: pick(smoothed(value, smoothing)) };
}
