import { cpus, totalmem } from 'node:os';

/** One figure of a bench, with what it is held against. */
export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The same thing done by something else, or another way. */
  readonly reference?: { readonly name: string; readonly value: number };
  /** What value / reference (without a reference: the value) must be. */
  readonly bar?: { readonly atLeast: number } | { readonly atMost: number };
}

export interface BenchReport {
  readonly bench: string;
  /** ISO date. */
  readonly date: string;
  readonly machine: string;
  /** What was measured on, and how. */
  readonly notes: readonly string[];
  readonly measurements: readonly Measurement[];
}

/** Processor, cores, memory, Node: what figures of different machines are told apart by. */
export function describeMachine(): string {
  const processors = cpus();
  return `${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}`;
}

/** value / reference; the value itself where there is none. */
function ratioOf({ value, reference }: Measurement): number {
  return reference === undefined ? value : value / reference.value;
}

/** Undefined when the measurement has no bar. */
export function passes(measurement: Measurement): boolean | undefined {
  const { bar } = measurement;
  if (bar === undefined) return undefined;
  return 'atLeast' in bar ? ratioOf(measurement) >= bar.atLeast : ratioOf(measurement) <= bar.atMost;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function short(value: number): string {
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

/** A report as a section of Markdown that begins with `## <bench>`. */
export function formatReport(report: BenchReport): string {
  const rows = report.measurements.map((measurement) => {
    const { name, value, unit, reference, bar } = measurement;
    const passed = passes(measurement);
    const wanted = bar === undefined ? '' : 'atLeast' in bar ? `>= ${bar.atLeast}` : `<= ${bar.atMost}`;
    const against = reference === undefined ? '' : `${short(reference.value)} (${reference.name})`;
    const ratio = reference === undefined ? '' : (value / reference.value).toFixed(3);
    return `| ${name} | ${short(value)} ${unit} | ${against} | ${ratio} | ${wanted} | ${passed === undefined ? '' : passed ? 'yes' : '**no**'} |`;
  });
  return [
    `## ${report.bench}`,
    '',
    `${report.date}; ${report.machine}.`,
    ...report.notes.map((note) => `- ${note}`),
    '',
    '| measured | value | against | ratio | bar | met |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** The results file with one bench's section replaced, or added at the end. */
export function replaceSection(file: string, bench: string, section: string): string {
  const start = file.search(new RegExp(`^## ${bench}$`, 'm'));
  if (start < 0) return `${file.trimEnd()}\n\n${section}`;
  const next = file.indexOf('\n## ', start + 1);
  return `${file.slice(0, start)}${section}${next < 0 ? '' : file.slice(next)}`;
}
