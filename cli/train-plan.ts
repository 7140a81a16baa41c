import type { RunConfig } from '../configs/index.ts';
import { planTraining, type TrainingPlan } from '../training/index.ts';
import { UsageError } from '../zpkg/index.ts';
import { formatBytes } from './format.ts';

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
export async function planFromConfig(config: RunConfig): Promise<TrainPlanResult> {
  const { dimension } = config.teacher;
  if (dimension === undefined) {
    throw new UsageError(
      'PLAN_NEEDS_DIMENSION',
      'a plan has to know how long the teacher’s vectors are, and the configuration does not say: add --set teacher.dimension=N',
    );
  }
  const available = process.availableMemory() + process.memoryUsage.rss();
  const plan = await planTraining(config.model, dimension, config.training);
  return { name: config.name, ...plan, available, fits: plan.memory.peak <= available, advice: adviceFor(config) };
}

export function planText({ name, parameters, batches, memory, operations, available, fits, advice }: TrainPlanResult): string {
  const number = (value: number) => value.toLocaleString('en-US');
  const rows: [string, string][] = [
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
    ['batches on host', formatBytes(memory.host)],
    ['program', formatBytes(memory.program)],
    ['peak', formatBytes(memory.peak)],
    ['available', formatBytes(available)],
    ['FLOPs a step', operations.toExponential(2)],
  ];
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  const texts = batches.map((batch) => `${batch.size} ${batch.name} of ${batch.symbols} symbols`).join(', ');
  return [
    `${name}: a step takes ${texts}, each as long as it may be`,
    ...rows.map(([label, value]) => `${label.padEnd(width)}${value}`),
    fits ? 'fits' : `does not fit: set ${[...advice, 'fewer model.maximumSymbols'].join(', ')}, or a smaller model`,
  ].join('\n');
}

function adviceFor({ training }: RunConfig): string[] {
  const advice: string[] = [];
  if (!training.recompute) advice.push('training.recompute=true');
  // Pieces of one are no smaller than pieces of two: a third copy of the gradients is held while they are added up.
  if ((training.gradientCaching?.microBatch ?? 3) > 2) advice.push('training.gradientCaching={microBatch: 2}');
  if ((training.optimizer.kind ?? 'adamw') === 'adamw') advice.push('training.optimizer.kind=adafactor');
  if ((training.optimizer.tables ?? 'adam') === 'adam') advice.push('training.optimizer.tables=rowwise-adagrad');
  return advice;
}
