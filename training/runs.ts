import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { listCheckpoints } from '../checkpoints/index.ts';
import { CemError } from '../zpkg/index.ts';
import type { MetricsLine } from './metrics.ts';

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
  /** Steps of its checkpoints, ascending. */
  readonly checkpoints: readonly number[];
}

/** A key of the configuration that not all runs give the same value. */
export interface ConfigDifference {
  readonly key: string;
  /** In the order of the runs; undefined where the key is not there. */
  readonly values: readonly unknown[];
}

/** The runs in a folder, by name. A folder is a run when it holds a `config.yaml`. */
export async function listRuns(folder: string): Promise<RunSummary[]> {
  let names: string[];
  try {
    names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (cause) {
    throw new CemError('RUNS_FOLDER', `cannot read the folder of runs ${folder}; name one that is there`, {
      details: { folder },
      cause,
    });
  }
  const runs = await Promise.all(names.sort().map((name) => summarize(join(folder, name))));
  return runs.filter((run) => run !== undefined);
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
  const last = await lastLine(join(path, 'metrics.jsonl'));
  const values = flatten(config);
  const steps = values.get('training.steps');
  return {
    path,
    name: String(values.get('name') ?? path),
    started: text('started'),
    backend: text('backend'),
    gitCommit: text('gitCommit'),
    step: last?.step ?? 0,
    steps: typeof steps === 'number' ? steps : null,
    loss: last?.loss ?? null,
    textsPerSecond: last?.texts_per_second ?? null,
    checkpoints: await listCheckpoints(path),
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

/** The last whole line of a run's metrics: a run that is being written may end in a torn one. */
async function lastLine(path: string): Promise<Partial<MetricsLine> | undefined> {
  const text = (await readText(path)) ?? '';
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).trimEnd();
  if (lines === '') return undefined;
  return JSON.parse(lines.slice(lines.lastIndexOf('\n') + 1)) as Partial<MetricsLine>;
}

/** `a.b` -> value for every leaf; lists are leaves. */
function flatten(value: unknown, path = ''): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map([[path, value]]);
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...flatten(inner, path === '' ? key : `${path}.${key}`)]));
}
