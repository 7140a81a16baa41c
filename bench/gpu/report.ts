import type { PartResult } from './run-part.ts';

type Line = Readonly<Record<string, unknown>>;

/** A claim that the figures must bear out. */
interface Finding {
  readonly claim: string;
  readonly holds: boolean;
  readonly figures: string;
}

/** What retention may lie below that of the same training on a processor: four times the spread of three seeds, .007. */
const RETENTION_MARGIN = 0.03;

const number = (line: Line, name: string): number | undefined => (typeof line[name] === 'number' ? line[name] : undefined);
const text = (line: Line, name: string): string => String(line[name] ?? '');
const milliseconds = (seconds: number | undefined): string => (seconds === undefined ? '' : (1000 * seconds).toPrecision(4));

function linesOf(results: readonly PartResult[], what: string): Line[] {
  return results.flatMap(({ lines }) => lines).filter((line) => line['what'] === what);
}

/** One shape in one precision: our time, the peers' and ours over that of the fastest. */
interface StepRow {
  readonly shape: string;
  readonly dtype: string;
  readonly ours: number | undefined;
  /** Seconds a step by the peer's name, e.g. `plain` or `plain, reduce-overhead`. */
  readonly peers: ReadonlyMap<string, number>;
  readonly ratio: number | undefined;
}

/** @param shapeOf the name of the shape that a peer's line is of: lines of one part are told apart by their batch size */
export function stepRows(results: readonly PartResult[], shapeOf: (line: Line) => string | undefined): StepRow[] {
  const lines = linesOf(results, 'step').filter((line) => number(line, 'secondsPerStep') !== undefined);
  const nameOf = (line: Line): string => (line['side'] === 'ours' ? text(line, 'shape') : (shapeOf(line) ?? 'unknown'));
  const keys = [...new Set(lines.map((line) => JSON.stringify([nameOf(line), line['dtype']])))].sort();
  return keys.map((key) => {
    const [shape, dtype] = JSON.parse(key) as [string, string];
    const same = lines.filter((line) => nameOf(line) === shape && line['dtype'] === dtype);
    const mine = same.find((line) => line['side'] === 'ours');
    const ours = mine && number(mine, 'secondsPerStep');
    const peers = new Map(
      same
        .filter((line) => line['side'] === 'peer')
        .map((line) => [
          line['compile'] === 'none' ? text(line, 'encoder') : `${text(line, 'encoder')}, ${text(line, 'compile')}`,
          number(line, 'secondsPerStep')!,
        ]),
    );
    const fastest = Math.min(...peers.values());
    return { shape, dtype, ours, peers, ratio: ours !== undefined && peers.size > 0 ? ours / fastest : undefined };
  });
}

/** Whether training keeps what it keeps on a processor, and whether the suites passed; only of what was run. */
export function findingsOf(results: readonly PartResult[]): Finding[] {
  const findings: Finding[] = [];
  const trainings = linesOf(results, 'training').filter((line) => number(line, 'retention') !== undefined);
  const reference = trainings.find((line) => line['backend'] !== 'xla');
  for (const line of trainings.filter((each) => each['backend'] === 'xla')) {
    if (reference === undefined) continue;
    const [got, wanted] = [number(line, 'retention')!, number(reference, 'retention')!];
    findings.push({
      claim: `training on xla in ${text(line, 'dtype')} retains what it does on ${text(reference, 'backend')}, less ${RETENTION_MARGIN}`,
      holds: got >= wanted - RETENTION_MARGIN,
      figures: `${got.toFixed(4)} and ${wanted.toFixed(4)} after ${text(line, 'steps')} steps`,
    });
  }
  for (const line of linesOf(results, 'suites')) {
    const [total, passed] = [number(line, 'total') ?? 0, number(line, 'passed') ?? 0];
    const failures = (line['failures'] as readonly string[] | undefined) ?? [];
    findings.push({
      claim: 'the suites pass',
      holds: total > 0 && passed === total && failures.length === 0,
      figures: `${passed} of ${total}${failures.length > 0 ? `; ${failures.join('; ')}` : ''}`,
    });
  }
  return findings;
}

/** Everything as a text with tables. */
export function formatCheck(
  results: readonly PartResult[],
  heading: readonly string[],
  shapeOf: (line: Line) => string | undefined,
): string {
  const blocks: string[] = [heading.join('\n')];
  const found = linesOf(results, 'devices');
  if (found.length > 0) blocks.push(found.map(describeFinding).join('\n'));
  blocks.push(
    table(
      ['part', 'ended', 'seconds'],
      results.map(({ name, status, seconds }) => [name, status, seconds.toFixed(1)]),
    ),
  );
  const rows = stepRows(results, shapeOf);
  if (rows.length > 0) {
    const names = [...new Set(rows.flatMap(({ peers }) => [...peers.keys()]))].sort();
    blocks.push(
      table(
        ['step', 'precision', 'ours, ms', ...names.map((name) => `PyTorch ${name}, ms`), 'ours / fastest'],
        rows.map(({ shape, dtype, ours, peers, ratio }) => [
          shape,
          dtype,
          milliseconds(ours),
          ...names.map((name) => milliseconds(peers.get(name))),
          ratio?.toFixed(3) ?? '',
        ]),
      ),
    );
  }
  const indexing = linesOf(results, 'indexing').filter((line) => number(line, 'documentsPerSecond') !== undefined);
  if (indexing.length > 0) {
    blocks.push(
      table(
        ['indexing', 'documents', 'bytes each', 'documents/s', 'documents/s with compilation'],
        indexing.map((line) => [
          text(line, 'dtype'),
          text(line, 'documents'),
          text(line, 'bytes'),
          number(line, 'documentsPerSecond')!.toFixed(1),
          (number(line, 'withCompilation') ?? 0).toFixed(1),
        ]),
      ),
    );
  }
  const findings = findingsOf(results);
  if (findings.length > 0) {
    blocks.push(
      findings.map(({ claim, holds, figures }) => `${holds ? 'holds' : 'DOES NOT HOLD'}: ${claim} (${figures})`).join('\n'),
    );
  }
  const bad = results.filter(({ said }) => said !== undefined);
  if (bad.length > 0) blocks.push(bad.map(({ name, status, said }) => `--- ${name}: ${status}\n${said!.trim()}`).join('\n\n'));
  const errors = linesOf(results, 'step').filter((line) => line['error'] !== undefined);
  if (errors.length > 0)
    blocks.push(
      errors
        .map(
          (line) =>
            `--- ${text(line, 'encoder')}, ${text(line, 'dtype')}, ${text(line, 'compile')}, batch ${text(line, 'batch')}: ${text(line, 'error')}`,
        )
        .join('\n'),
    );
  return `${blocks.join('\n\n')}\n`;
}

function describeFinding({ what: _what, found, ...facts }: Line): string {
  return `${String(found)}: ${Object.entries(facts)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [head, widths.map((width) => '-'.repeat(width)), ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
