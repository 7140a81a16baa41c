import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MetricsLine } from '../../../training/runs/metrics-lines.ts';

/** Lines of metrics with a loss of 1 / step and a second a step. */
export function metricsText(steps: readonly number[], more: Partial<MetricsLine> = {}): string {
  const line = (step: number): MetricsLine => ({
    step,
    loss: 1 / step,
    terms: { 'passages/distillation': 0.5 },
    learning_rate: 0.001,
    gradient_norm: 2,
    seconds: step,
    steps_per_second: 1,
    texts_per_second: 64,
    memory: 2 ** 30,
    ...more,
  });
  return steps.map((step) => `${JSON.stringify(line(step))}\n`).join('');
}

/** Makes the folder of a run that measured nothing yet. */
export async function makeRun(folder: string, name: string, steps: number): Promise<string> {
  const run = join(folder, name);
  await mkdir(run, { recursive: true });
  await writeFile(join(run, 'config.yaml'), `name: ${name}\ntraining: { steps: ${steps} }\n`);
  return run;
}

/** Writes lines as a run that trains does. */
export async function appendMetrics(run: string, steps: readonly number[], more: Partial<MetricsLine> = {}): Promise<void> {
  await appendFile(join(run, 'metrics.jsonl'), metricsText(steps, more));
}
