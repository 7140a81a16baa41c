import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../base/index.ts';
import type { RunConfig } from '../../configs/index.ts';
import { planTraining, type TrainingPlan } from '../../training/index.ts';
import { chooseBackend, type OnBackend } from '../shared/backend.ts';

/** What a run would take, and whether it fits. */
export interface RunPlan extends TrainingPlan {
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
 * @throws UsageError `PLAN_NEEDS_DIMENSION` when the configuration does not say how long the teacher's vectors are, and as `planTraining`
 */
export async function planRun(config: RunConfig, options: OnBackend): Promise<RunPlan> {
  const { dimension } = config.teacher;
  if (dimension === undefined) {
    throw new UsageError(
      'PLAN_NEEDS_DIMENSION',
      'a plan has to know how long the teacher’s vectors are, and the configuration does not say: add --set teacher.dimension=N',
    );
  }
  // A step takes what the backend's kernels make it take.
  await chooseBackend(options);
  const available = process.availableMemory() + process.memoryUsage.rss();
  const plan = await planTraining(config.model, dimension, config.training, {
    variants: config.pack.variants?.length ?? 0,
    query: config.model.query,
    corpusBytes: await corpusBytes(config),
  });
  const { peak, memory, query, deviceLimit } = plan;
  const device = Math.max(memory.device, query?.memory.device ?? 0);
  const fits = peak <= available && (deviceLimit === null || device <= deviceLimit);
  return { name: config.name, ...plan, available, fits, advice: adviceFor(config) };
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

function adviceFor({ training }: RunConfig): string[] {
  const advice: string[] = [];
  if (!training.recompute) advice.push('training.recompute=true');
  if ((training.workers ?? 1) > 1) advice.push('fewer training.workers');
  // Pieces of one are no smaller than pieces of two: a second copy of the gradients is held while they are added up.
  if ((training.gradientCaching?.microBatch ?? 3) > 2) advice.push('training.gradientCaching={microBatch: 2}');
  if ((training.optimizer.kind ?? 'adamw') === 'adamw') advice.push('training.optimizer.kind=adafactor');
  if (training.tables !== undefined && training.tables !== 'host') advice.push('training.tables=host');
  if ((training.optimizer.tables ?? 'adam') === 'adam') advice.push('training.optimizer.tables=rowwise-adagrad');
  return advice;
}
