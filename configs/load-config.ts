import { readFile } from 'node:fs/promises';
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { UsageError } from '../base/index.ts';
import { type SweepConfig, sweepConfigSchema } from '../training/index.ts';
import { type EntropyRunConfig, entropyRunConfigSchema } from './entropy-schema.ts';
import { type ImageRunConfig, imageRunConfigSchema } from './image-schema.ts';
import { type QueryHeadRunConfig, queryHeadRunConfigSchema } from './query-head-schema.ts';
import { type RerankerRunConfig, rerankerRunConfigSchema } from './reranker-schema.ts';
import { type RunConfig, runConfigSchema } from './schema.ts';

/**
 * Reads the configuration of an encoder's run: defaults < file < settings.
 *
 * @param settings `a.b=c` each; the value is read as YAML
 * @throws UsageError `CONFIG_MISSING`, `CONFIG_SYNTAX`, `CONFIG_SETTING`, or `CONFIG_INVALID`, which lists the path of everything that is wrong
 */
export async function loadConfig(path: string, settings: readonly string[] = []): Promise<RunConfig> {
  return parseConfig((await readRunValues(path, settings)).values, path);
}

/** What `cem train` trains. */
export type TrainConfig = RunConfig | EntropyRunConfig | RerankerRunConfig | ImageRunConfig | QueryHeadRunConfig;

/** Reads the configuration of anything that `cem train` trains, by its `kind`; that of an encoder has none. Throws as `loadConfig` does. */
export async function loadTrainConfig(path: string, settings: readonly string[] = []): Promise<TrainConfig> {
  const { values } = await readRunValues(path, settings);
  switch (values['kind']) {
    case 'entropy-model':
      return check(entropyRunConfigSchema, values, path);
    case 'reranker':
      return check(rerankerRunConfigSchema, values, path);
    case 'image-tower':
      return check(imageRunConfigSchema, values, path);
    case 'query-head':
      return check(queryHeadRunConfigSchema, values, path);
    default:
      return parseConfig(values, path);
  }
}

/** Checks values against the schema of an encoder's run and fills in the defaults. */
export function parseConfig(values: unknown, origin: string): RunConfig {
  return check(runConfigSchema, values, origin);
}

/** The values of one run, and what the file says of a sweep over them, which a run by itself does without. Throws as `loadConfig` does. */
export async function readRunValues(
  path: string,
  settings: readonly string[],
): Promise<{ readonly values: Record<string, unknown>; readonly sweep: SweepConfig | undefined }> {
  const { sweep, ...values } = await readValues(path, settings);
  return {
    values,
    sweep: sweep === undefined ? undefined : check(z.object({ sweep: sweepConfigSchema }), { sweep }, path).sweep,
  };
}

async function readValues(path: string, settings: readonly string[]): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError('CONFIG_MISSING', `cannot read the configuration ${path}; configs/ holds some to start from`, {
      details: { path },
      cause,
    });
  }
  let values: unknown;
  try {
    values = parse(text);
  } catch (cause) {
    const where = cause instanceof YAMLParseError && cause.linePos ? `:${cause.linePos[0].line}` : '';
    throw new UsageError(
      'CONFIG_SYNTAX',
      `${path}${where} is not YAML: ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}`,
      { details: { path }, cause },
    );
  }
  if (!isRecord(values))
    throw new UsageError('CONFIG_SYNTAX', `${path} holds no mapping of keys to values`, { details: { path } });
  for (const setting of settings) applySetting(values, setting);
  return values;
}

function check<Schema extends z.ZodType>(schema: Schema, values: unknown, origin: string): z.infer<Schema> {
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const path =
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => [...issue.path, key].join('.')).join(', ')
        : issue.path.join('.');
    return issue.code === 'unrecognized_keys' ? `unknown key ${path}` : `${path || 'the file'}: ${issue.message}`;
  });
  throw new UsageError('CONFIG_INVALID', `${origin}: ${problems.join('; ')}`, { details: { issues: result.error.issues } });
}

function applySetting(values: Record<string, unknown>, setting: string): void {
  const equals = setting.indexOf('=');
  if (equals <= 0)
    throw new UsageError('CONFIG_SETTING', `--set ${setting}: write it as key.path=value, for example --set training.steps=100`);
  setValue(values, setting.slice(0, equals), parse(setting.slice(equals + 1)), `--set ${setting}`);
}

/**
 * Sets the value of a key by its path, `a.b.c`; mappings on the way are made.
 *
 * @param origin who asks, for the message
 * @throws UsageError `CONFIG_SETTING` where the path leads through a value
 */
export function setValue(values: Record<string, unknown>, path: string, value: unknown, origin: string): void {
  const keys = path.split('.');
  const last = keys.pop()!;
  let target = values;
  for (const key of keys) {
    const next = target[key] ?? {};
    if (!isRecord(next)) throw new UsageError('CONFIG_SETTING', `${origin}: "${key}" holds a value, not further keys`);
    target[key] = next;
    target = next;
  }
  target[last] = value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
