/*
 * Code of the page: the browser gets the source of what is exported here (script.ts says how), which may use what the other files of the page export and
 * nothing else from outside.
 */

/** What one chart shows. */
export interface Panel {
  /** The quantity, by its path in a line of metrics. */
  readonly name: string;
  readonly title: string;
  readonly section: string;
  readonly unit: 'number' | 'bytes' | 'share';
  /** Whether smoothing is of use: it varies from line to line. */
  readonly noisy: boolean;
  /** Whether it may be drawn on a logarithmic scale. */
  readonly loss: boolean;
}

/** The charts for what runs measured, in their order: those that every run should have, measured or not, the loss's terms, and what else there is. */
export function panelsFor(names: readonly string[]): Panel[] {
  const quality = 'Quality';
  const terms = 'Terms of the loss';
  const machine = 'Optimiser and machine';
  const plain = { unit: 'number', noisy: false, loss: false } as const;
  const before: Panel[] = [
    { ...plain, name: 'loss', title: 'Loss', section: quality, noisy: true, loss: true },
    { ...plain, name: 'dev/ndcg@10', title: 'Dev nDCG@10', section: quality },
    { ...plain, name: 'dev/retention', title: 'Dev retention', section: quality, unit: 'share' },
  ];
  const after: Panel[] = [
    { ...plain, name: 'learning_rate', title: 'Learning rate', section: machine },
    { ...plain, name: 'gradient_norm', title: 'Gradient norm', section: machine, noisy: true },
    { ...plain, name: 'texts_per_second', title: 'Texts per second', section: machine, noisy: true },
    { ...plain, name: 'steps_per_second', title: 'Steps per second', section: machine, noisy: true },
    { ...plain, name: 'loader_wait_share', title: 'Time waited for batches', section: machine, unit: 'share', noisy: true },
    { ...plain, name: 'memory', title: 'Memory', section: machine, unit: 'bytes' },
  ];
  // Of runs on a device that makes programs of their steps.
  const measured: Panel[] = [
    { ...plain, name: 'device_memory', title: 'Memory of the device', section: machine, unit: 'bytes' } as const,
    { ...plain, name: 'compilations', title: 'Programs made', section: machine } as const,
    { ...plain, name: 'padding_share', title: 'Padding', section: machine, unit: 'share', noisy: true } as const,
  ].filter(({ name }) => names.includes(name));
  after.push(...measured);
  const known = new Set([...before, ...after].map(({ name }) => name));
  const others = [...new Set(names)].filter((name) => !known.has(name)).sort();
  const isTerm = (name: string) => name.startsWith('terms/');
  const loss = others
    .filter(isTerm)
    .map((name): Panel => ({ ...plain, name, title: name.slice('terms/'.length), section: terms, noisy: true, loss: true }));
  const rest = others
    .filter((name) => !isTerm(name))
    .map((name): Panel => ({ ...plain, name, title: name, section: machine, noisy: true }));
  return [...before, ...loss, ...after, ...rest];
}

/** A value as people read it, with four digits. */
export function formatValue(value: number, unit: Panel['unit']): string {
  const digits = (number: number) => String(Number(number.toPrecision(4)));
  if (unit === 'share') return `${digits(100 * value)}%`;
  if (unit === 'number') return digits(value);
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(value, 1)) / 3)));
  return `${digits(value / 1000 ** power)} ${units[power]}`;
}

/** Seconds, minutes or hours, with three digits. */
export function formatSeconds(seconds: number): string {
  const [unit, size] = seconds < 100 ? ['s', 1] : seconds < 6000 ? ['min', 60] : (['h', 3600] as const);
  return `${Number((seconds / size).toPrecision(3))} ${unit}`;
}
