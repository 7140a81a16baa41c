import { formatBytes } from '../../base/index.ts';
import type { RunPlan } from '../../recipes/train/index.ts';
import type { PassPlan } from '../../training/index.ts';

/** A run's plan as text. */
export function planText(plan: RunPlan): string {
  const { name, query, peak, available, devices, deviceLimit, fits, advice } = plan;
  return [
    ...passLines(name, plan, devices),
    ...(query === null ? [] : ['', ...passLines('query student, trained before', query, devices), '']),
    ...table([
      ['peak of the run', formatBytes(peak)],
      ['available', formatBytes(available)],
      ...(deviceLimit === null ? [] : ([[devices > 1 ? 'each device has' : 'device has', formatBytes(deviceLimit)]] as const)),
    ]),
    fits ? 'fits' : `does not fit: set ${[...advice, 'fewer model.maximumSymbols'].join(', ')}, or a smaller model`,
  ].join('\n');
}

function passLines(name: string, { parameters, batches, memory, operations }: PassPlan, devices: number): string[] {
  const number = (value: number) => value.toLocaleString('en-US');
  const texts = batches.map((batch) => `${batch.size} ${batch.name} of ${batch.symbols} symbols`).join(', ');
  const optional = (label: string, bytes: number): [string, string][] => (bytes > 0 ? [[label, formatBytes(bytes)]] : []);
  return [
    `${name}: a step takes ${texts}, each as long as it may be`,
    ...table([
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
      ...optional(devices > 1 ? `on each of ${devices}` : 'on the device', memory.device),
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

function table(rows: readonly (readonly [string, string])[]): string[] {
  return rows.map(([label, value]) => `${label.padEnd(LABEL_WIDTH)}${value}`);
}
