import { execFileSync } from 'node:child_process';
import { constants, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { CemError, exists, lockFolder, UsageError, writeFileAtomically } from '../../base/index.ts';
import { KNOWN_TEXT_FILE, listCheckpoints } from '../../checkpoints/index.ts';

/** Paths of a run's parts. */
export interface RunFolder {
  readonly path: string;
  readonly config: string;
  readonly zpkg: string;
  /** Container of the same chunks that is packed otherwise, counted from 1. */
  variant(number: number): string;
  readonly teacher: string;
  readonly metrics: string;
  /** What a step was trained on whose loss is no number. */
  readonly failedStep: string;
  checkpoint(step: number): string;
}

function runFolder(path: string): RunFolder {
  return {
    path,
    config: join(path, 'config.yaml'),
    zpkg: join(path, 'corpus.zpkg'),
    variant: (number) => join(path, `corpus-${number}.zpkg`),
    teacher: join(path, 'teacher'),
    metrics: join(path, 'metrics.jsonl'),
    failedStep: join(path, 'failed-step.json'),
    checkpoint: (step) => join(path, 'checkpoints', String(step)),
  };
}

/**
 * Takes back that a folder is a run, for one that never trained: with its configuration goes what was made by it, since other settings or other data make it otherwise.
 * What else lies in the folder stays.
 */
export async function forgetRun({ path, config }: RunFolder): Promise<void> {
  const made = [...(await corpusParts(path)), 'environment.json', 'query', 'tokenizer', KNOWN_TEXT_FILE];
  for (const part of made) await rm(join(path, part), { recursive: true, force: true });
  // Last: killed before, it is a run that never trained, as it was.
  await rm(config, { force: true });
}

/** Whether a step was taken there, by the encoder or by its query student. */
async function hasTrained(path: string): Promise<boolean> {
  const runs = [path, join(path, 'query')];
  const marks = runs.flatMap((run) => [join(run, 'checkpoints'), join(run, 'metrics.jsonl')]);
  return (await Promise.all(marks.map(exists))).includes(true);
}

/**
 * Makes a run's folder with its resolved configuration and environment, or takes up an existing one. A run that never trained is no obstacle to one with other settings, which begins
 * in its place.
 *
 * @param resolved the run's whole configuration; on resume it must be the one that the folder was made with
 * @throws UsageError `RUN_EXISTS` for an existing folder without `resume`, CemError `RUN_CONFIG_DIFFERS` on resume with another configuration, `FOLDER_LOCKED` where another process
 *   prepares a run that would be replaced
 */
export async function openRunFolder(
  path: string,
  resolved: unknown,
  resume: boolean,
  environment: Record<string, unknown>,
): Promise<RunFolder> {
  const folder = runFolder(path);
  const text = stringify(resolved);
  if (await exists(folder.config)) {
    if (!resume && (await readFile(folder.config, 'utf8')) !== text && !(await hasTrained(path))) {
      await replaceRun(folder);
      return openRunFolder(path, resolved, resume, environment);
    }
    if (!resume) {
      const steps = await listCheckpoints(path);
      const state = steps.length > 0 ? `its newest checkpoint is step ${steps.at(-1)}` : 'it has no checkpoint yet';
      throw new UsageError(
        'RUN_EXISTS',
        `the run folder ${path} exists (${state}): add --resume to go on with it, or name another one with --run`,
        { details: { path } },
      );
    }
    await checkRunConfig(path, resolved);
    return folder;
  }
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'environment.json'), `${JSON.stringify({ ...describeEnvironment(), ...environment }, null, 2)}\n`);
  // Last: a folder with a configuration is a run.
  await writeFileAtomically(folder.config, Buffer.from(text));
  return folder;
}

async function replaceRun(folder: RunFolder): Promise<void> {
  const lock = await lockFolder(folder.path);
  try {
    await forgetRun(folder);
  } finally {
    await lock.release();
  }
}

/**
 * Makes sure that a run was made with this configuration.
 *
 * @throws CemError `RUN_CONFIG_DIFFERS`
 */
export async function checkRunConfig(path: string, resolved: unknown): Promise<void> {
  const { config } = runFolder(path);
  const [before, text] = [await readFile(config, 'utf8'), stringify(resolved)];
  if (before === text) return;
  const remedy = (await hasTrained(path))
    ? 'resume with the same one, or start another run with --run'
    : 'the run has not trained yet, so leave --resume out to begin it with this one';
  throw new CemError(
    'RUN_CONFIG_DIFFERS',
    `${config} differs from the configuration given (${firstDifference(before, text)}): ${remedy}`,
    {
      details: { path },
    },
  );
}

/** What depends on data, pack settings and teacher alone; the container goes last, since a run that has it does not pack. */
const CORPUS_PARTS = [
  'teacher',
  'teacher-cache',
  'dev.zpkg.map',
  'dev.zpkg.meta',
  'dev.zpkg',
  'corpus.zpkg.patches',
  'corpus.zpkg.map',
  'corpus.zpkg.meta',
  'corpus.zpkg',
];
const VARIANT = /^corpus-\d+\.zpkg$/;

/** Those that may lie in a folder, in the order in which they are copied. */
async function corpusParts(path: string): Promise<string[]> {
  return [...(await readdir(path)).filter((name) => VARIANT.test(name)), ...CORPUS_PARTS];
}

/**
 * Copies what another run packed and fitted into a run that has not begun, so that it does not do so again. Both must have the same data, pack settings and teacher.
 *
 * @param from a run that has ended
 */
export async function adoptCorpus(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const part of await corpusParts(from)) {
    if (!(await exists(join(from, part))) || (await exists(join(to, part)))) continue;
    const temporary = join(to, `.${part}.tmp`);
    await rm(temporary, { recursive: true, force: true });
    // Where the file system can, a copy shares its blocks with the original.
    await cp(join(from, part), temporary, { recursive: true, mode: constants.COPYFILE_FICLONE });
    await rename(temporary, join(to, part));
  }
}

function firstDifference(before: string, after: string): string {
  const [a, b] = [before.split('\n'), after.split('\n')];
  const line = a.findIndex((value, index) => value !== b[index]);
  return `line ${line + 1}: "${(a[line] ?? '').trim()}" there, "${(b[line] ?? '').trim()}" given`;
}

function describeEnvironment(): Record<string, unknown> {
  const git = (...options: string[]) => {
    try {
      return execFileSync('git', options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      return null;
    }
  };
  const changes = git('status', '--porcelain');
  return {
    started: new Date().toISOString(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory: totalmem(),
    gitCommit: git('rev-parse', 'HEAD'),
    gitDirty: changes === null ? null : changes !== '',
  };
}
