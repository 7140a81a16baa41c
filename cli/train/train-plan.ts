import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes, UsageError } from '../../base/index.ts';
import type { RunConfig } from '../../configs/index.ts';
import { parseBackendRequest, selectBackend } from '../../model/backend/index.ts';
import { type PassPlan, planTraining, type TrainingPlan } from '../../training/index.ts';
import type { GlobalOptions } from '../command.ts';

/** What `cem train --plan` prints as JSON. */
export interface TrainPlanResult extends TrainingPlan {
  readonly name: string;
  /** Bytes that this process may still take. */
  readonly available: number;
  readonly fits: boolean;
  /** Settings that would take less memory and are not made yet. */
  readonly advice: readonly string[];
}

/**
 * What a run would take, without starting it.
 *
 * @throws UsageError `PLAN_NEEDS_DIMENSION` when the configuration does not say how long the teacher's vectors are
 */
export async function planFromConfig(config: RunConfig, { backend }: GlobalOptions): Promise<TrainPlanResult> {
  const { dimension } = config.teacher;
  if (dimension === undefined) {
    throw new UsageError(
      'PLAN_NEEDS_DIMENSION',
      'a plan has to know how long the teacher’s vectors are, and the configuration does not say: add --set teacher.dimension=N',
    );
  }
  // A step takes what the backend's kernels make it take.
  await selectBackend(parseBackendRequest(backend));
  const available = process.availableMemory() + process.memoryUsage.rss();
  const plan = await planTraining(config.model, dimension, config.training, {
    variants: config.pack.variants?.length ?? 0,
    query: config.model.query,
    corpusBytes: await corpusBytes(config),
  });
  return { name: config.name, ...plan, available, fits: plan.peak <= available, advice: adviceFor(config) };
}

/** Bytes of the files that a run trains on; undefined where one is not there yet. */
async function corpusBytes({ data: { source, further = [] } }: RunConfig): Promise<number | undefined> {
  try {
    const sizes = await Promise.all([source, ...further.map((own) => own.source)].map(sizeOf));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch {
    return undefined;
  }
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path);
  if (!found.isDirectory()) return found.size;
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries.filter((entry) => entry.isFile()).map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

export function planText(plan: TrainPlanResult): string {
  const { name, query, peak, available, fits, advice } = plan;
  return [
    ...passLines(name, plan),
    ...(query === null ? [] : ['', ...passLines('query student, trained before', query), '']),
    ...labelled([
      ['peak of the run', formatBytes(peak)],
      ['available', formatBytes(available)],
    ]),
    fits ? 'fits' : `does not fit: set ${[...advice, 'fewer model.maximumSymbols'].join(', ')}, or a smaller model`,
  ].join('\n');
}

function passLines(name: string, { parameters, batches, memory, operations }: PassPlan): string[] {
  const number = (value: number) => value.toLocaleString('en-US');
  const texts = batches.map((batch) => `${batch.size} ${batch.name} of ${batch.symbols} symbols`).join(', ');
  const optional = (label: string, bytes: number): [string, string][] => (bytes > 0 ? [[label, formatBytes(bytes)]] : []);
  return [
    `${name}: a step takes ${texts}, each as long as it may be`,
    ...labelled([
      ['hash tables', number(parameters.hashTables)],
      ['local encoder', number(parameters.localEncoder)],
      ['global', number(parameters.global)],
      ['heads', number(parameters.heads)],
      ['parameters', number(parameters.total)],
      ['tables', formatBytes(memory.tables)],
      ['their optimiser', formatBytes(memory.tableOptimizer)],
      ['weights', formatBytes(memory.weights)],
      ['their optimiser', formatBytes(memory.optimizer)],
      ['activations', formatBytes(memory.activations)],
      ['a step in all', formatBytes(memory.step)],
      ...optional('freed, but kept', memory.freed),
      ...optional('gradient threads', memory.workers),
      ['batches on host', formatBytes(memory.host)],
      ['texts, vectors', formatBytes(memory.texts)],
      ['program', formatBytes(memory.program)],
      ...optional('table warm start', memory.warmStart),
      ['peak', formatBytes(memory.peak)],
      ['FLOPs a step', operations.toExponential(2)],
    ]),
  ];
}

/** Wide enough for the longest of all labels. */
const LABEL_WIDTH = 18;

function labelled(rows: readonly (readonly [string, string])[]): string[] {
  return rows.map(([label, value]) => `${label.padEnd(LABEL_WIDTH)}${value}`);
}

function adviceFor({ training }: RunConfig): string[] {
  const advice: string[] = [];
  if (!training.recompute) advice.push('training.recompute=true');
  if ((training.workers ?? 1) > 1) advice.push('fewer training.workers');
  // Pieces of one are no smaller than pieces of two: a second copy of the gradients is held while they are added up.
  if ((training.gradientCaching?.microBatch ?? 3) > 2) advice.push('training.gradientCaching={microBatch: 2}');
  if ((training.optimizer.kind ?? 'adamw') === 'adamw') advice.push('training.optimizer.kind=adafactor');
  if ((training.optimizer.tables ?? 'adam') === 'adam') advice.push('training.optimizer.tables=rowwise-adagrad');
  return advice;
}
