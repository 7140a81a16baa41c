import { type Dirent, existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CemError } from '../../base/index.ts';
import { type BestCheckpoint, listCheckpoints, readBestCheckpoint } from '../../checkpoints/index.ts';
import { type DevMetrics, readMetrics } from './metrics-lines.ts';

/** How a run stands. */
export interface RunSummary {
  readonly path: string;
  readonly name: string;
  /** ISO date. */
  readonly started: string | null;
  readonly backend: string | null;
  readonly gitCommit: string | null;
  /** Last step that was measured, and the last there will be. */
  readonly step: number;
  readonly steps: number | null;
  readonly loss: number | null;
  readonly textsPerSecond: number | null;
  /** Its newest evaluation on development data. */
  readonly dev: DevMetrics | null;
  /** Steps of its checkpoints, ascending. */
  readonly checkpoints: readonly number[];
  /** Which of them is the best on development data. */
  readonly best: BestCheckpoint | null;
}

/** A key of the configuration that not all runs give the same value. */
export interface ConfigDifference {
  readonly key: string;
  /** In the order of the runs; undefined where the key is not there. */
  readonly values: readonly unknown[];
}

/**
 * The runs in a folder and in the folders in it (the trials of a sweep), as paths below it, sorted. A folder is a run when it holds a `config.yaml`.
 *
 * @throws CemError `RUNS_FOLDER` when the folder cannot be read
 */
export async function findRuns(folder: string): Promise<string[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw new CemError('RUNS_FOLDER', `cannot read the folder of runs ${folder}; name one that is there`, {
      details: { folder },
      cause,
    });
  }
  const found = await Promise.all(foldersOf(entries).map((name) => runsBelow(folder, name)));
  return found.flat().sort();
}

/** A folder itself when it is a run, else the runs in it. */
async function runsBelow(folder: string, name: string): Promise<string[]> {
  if (existsSync(join(folder, name, 'config.yaml'))) return [name];
  try {
    const inner = foldersOf(await readdir(join(folder, name), { withFileTypes: true }));
    return inner.map((trial) => join(name, trial)).filter((path) => existsSync(join(folder, path, 'config.yaml')));
  } catch {
    // It was removed meanwhile, or is not ours to read: no run of interest.
    return [];
  }
}

const foldersOf = (entries: readonly Dirent[]) => entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);

/** The runs in a folder, by name; see `findRuns`. */
export async function listRuns(folder: string): Promise<RunSummary[]> {
  const runs = await Promise.all((await findRuns(folder)).map((name) => summarize(join(folder, name))));
  return runs.filter((run) => run !== undefined);
}

/** How many steps a run takes, where its configuration can be read and says so. */
export async function readRunSteps(path: string): Promise<number | null> {
  try {
    return stepsOf(flatten(await readConfig(path)));
  } catch {
    return null;
  }
}

function stepsOf(config: ReadonlyMap<string, unknown>): number | null {
  const steps = config.get('training.steps');
  return typeof steps === 'number' ? steps : null;
}

/**
 * Where the configurations of runs differ, by the path of the key.
 *
 * @throws CemError `RUN_MISSING` when a folder is no run
 */
export async function compareConfigs(paths: readonly string[]): Promise<ConfigDifference[]> {
  const configs = await Promise.all(
    paths.map(async (path) => {
      const config = await readConfig(path);
      if (config === undefined)
        throw new CemError('RUN_MISSING', `${path} is no run: it has no config.yaml`, { details: { path } });
      return flatten(config);
    }),
  );
  const keys = [...new Set(configs.flatMap((config) => [...config.keys()]))];
  return keys
    .map((key) => ({ key, values: configs.map((config) => config.get(key)) }))
    .filter(({ values }) => values.some((value) => JSON.stringify(value) !== JSON.stringify(values[0])));
}

async function summarize(path: string): Promise<RunSummary | undefined> {
  const config = await readConfig(path);
  if (config === undefined) return undefined;
  const environment = ((await readJson(join(path, 'environment.json'))) ?? {}) as Record<string, unknown>;
  const text = (key: string) => (typeof environment[key] === 'string' ? environment[key] : null);
  // A run whose measurements cannot be read is listed without them.
  const lines = await readMetrics(join(path, 'metrics.jsonl')).catch(() => []);
  const last = lines.at(-1);
  const values = flatten(config);
  return {
    path,
    name: String(values.get('name') ?? path),
    started: text('started'),
    backend: text('backend'),
    gitCommit: text('gitCommit'),
    step: last?.step ?? 0,
    steps: stepsOf(values),
    loss: last?.loss ?? null,
    textsPerSecond: last?.texts_per_second ?? null,
    dev: lines.findLast(({ dev }) => dev !== undefined)?.dev ?? null,
    checkpoints: await listCheckpoints(path),
    best: (await readBestCheckpoint(path)) ?? null,
  };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

async function readConfig(path: string): Promise<unknown> {
  const text = await readText(join(path, 'config.yaml'));
  return text === undefined ? undefined : parse(text);
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse((await readText(path)) ?? 'null');
  } catch {
    return undefined;
  }
}

/** `a.b` -> value for every leaf; lists are leaves. */
function flatten(value: unknown, path = ''): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map([[path, value]]);
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...flatten(inner, path === '' ? key : `${path}.${key}`)]));
}
