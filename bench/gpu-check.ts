/**
 * `npm run gpu-check`: what has to be known of a GPU, in less than ten minutes: its devices, training steps beside PyTorch, documents indexed a second, suites, and a training whose retention is
 * checked. Each part has a process and a time limit of its own; what it found is in the results as soon as it ends, and one that fails ends no other.
 */
import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CemError, UsageError, writeFileAtomically } from '../base/index.ts';
import { type Part, QUICK_COMPILER, stages, textsFolder } from './gpu/parts.ts';
import { findingsOf, formatCheck } from './gpu/report.ts';
import { type PartResult, runPart } from './gpu/run-part.ts';
import { stepShapes } from './gpu/sizes.ts';
import { describeMachine } from './measurement.ts';

const USAGE = `npm run gpu-check -- [--out FOLDER] [--quick] [--minutes N] [--patience N] [--only PATTERN] [--python PROGRAM]

  --out FOLDER      below the folder it was called from: where results.jsonl and results.txt are written; gpu-check-results
  --quick           sizes cut so that a processor gets through; the results say which
  --minutes N       all of it, 9; 60 with --quick
  --patience N      what the limits of single parts are multiplied by, 1; 4 with --quick
  --only PATTERN    the parts whose name matches the regular expression
  --python PROGRAM  an interpreter with torch and transformers (CEM_PYTHON); python3

Needs the addon of \`npm run native -- --xla\` and a plugin: CEM_PJRT, the cache, or an installed JAX of that Python.
`;
/** A part is not begun with less than this. */
const LEAST_SECONDS = 5;

interface Choices {
  readonly out: string;
  readonly quick: boolean;
  readonly seconds: number;
  readonly patience: number;
  readonly only: RegExp;
  readonly python: string;
}

function readChoices(): Choices | undefined {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: 'gpu-check-results' },
      quick: { type: 'boolean', default: false },
      minutes: { type: 'string' },
      patience: { type: 'string' },
      only: { type: 'string', default: '' },
      python: { type: 'string', default: process.env['CEM_PYTHON'] ?? 'python3' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const minutes = Number(values.minutes ?? (values.quick ? 60 : 9));
  if (!(minutes > 0)) throw new UsageError('USAGE', `--minutes is a number above 0, got ${values.minutes}`);
  const patience = Number(values.patience ?? (values.quick ? 4 : 1));
  if (!(patience > 0)) throw new UsageError('USAGE', `--patience is a number above 0, got ${values.patience}`);
  return {
    ...values,
    patience,
    out: resolve(process.env['INIT_CWD'] ?? '.', values.out),
    seconds: 60 * minutes,
    only: new RegExp(values.only),
  };
}

function say(line: string): void {
  process.stdout.write(`gpu-check: ${line}\n`);
}

/** Runs all stages; the results lie in `out` at every moment. */
async function check({ out, quick, seconds, patience, only, python }: Choices): Promise<PartResult[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'cem-gpu-check-'));
  const log = join(out, 'results.jsonl');
  const results: PartResult[] = [];
  const start = performance.now();
  const elapsed = (): number => (performance.now() - start) / 1000;
  const shapes = stepShapes(quick);
  const heading = [
    `gpu-check of ${new Date().toISOString()}, ${describeMachine()}${quick ? '; --quick: SIZES ARE CUT, these figures say nothing of a GPU' : ''}`,
    ...[...shapes.base, shapes.default].map(({ name, sizes }) => `sizes of ${name}: ${JSON.stringify(sizes)}`),
    ...(quick ? [`ours are compiled with ${QUICK_COMPILER}`] : []),
    'float32 of ours is float32; that of the peers may be TF32 on NVIDIA. bf16 is products in bf16 with weights and sums in float32, on both sides. Texts: ' +
      `${textsFolder().split('/').at(-1)}.`,
  ];
  const byBatch = new Map([...shapes.base, shapes.default].map(({ name, sizes }) => [sizes['batch'], name]));
  const write = (): Promise<void> =>
    writeFileAtomically(
      join(out, 'results.txt'),
      Buffer.from(formatCheck(results, heading, (line) => byBatch.get(Number(line['batch'])))),
    );
  const runOne = async (part: Part, left: number): Promise<void> => {
    if (left < LEAST_SECONDS) {
      results.push({ name: part.name, status: 'left out', seconds: 0, lines: [] });
      say(`left out, no time: ${part.name}`);
      return write();
    }
    say(`${part.name} …`);
    // Lines are appended one after another.
    let written: Promise<void> = Promise.resolve();
    const result = await runPart(part, left, (line) => {
      written = written.then(() => appendFile(log, `${JSON.stringify({ part: part.name, ...line })}\n`));
    });
    results.push(result);
    await written;
    const { lines: _, ...ending } = result;
    await appendFile(log, `${JSON.stringify({ part: part.name, ...ending })}\n`);
    say(`${part.name}: ${result.status}, ${result.seconds.toFixed(1)} s`);
    await write();
  };
  try {
    let until = 0;
    for (const { name, parts, together, seconds: share } of stages({ quick, python, scratch, seconds, patience })) {
      until += share;
      const chosen = parts.filter((part) => only.test(part.name));
      if (chosen.length === 0) continue;
      say(`${name}: until ${until.toFixed(0)} s of ${seconds.toFixed(0)}, ${elapsed().toFixed(0)} s are over`);
      if (together) {
        await Promise.all(chosen.map((part) => runOne(part, until - elapsed())));
        continue;
      }
      for (const part of chosen) await runOne(part, until - elapsed());
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  process.stdout.write(`\n${formatCheck(results, heading, (line) => byBatch.get(Number(line['batch'])))}\n`);
  say(`${elapsed().toFixed(0)} s in all; ${log} and results.txt beside it`);
  return results;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
try {
  const choices = readChoices();
  if (choices === undefined) process.stdout.write(USAGE);
  else {
    await mkdir(choices.out, { recursive: true });
    await rm(join(choices.out, 'results.jsonl'), { force: true });
    const results = await check(choices);
    if (results.some(({ status }) => status !== 'done') || findingsOf(results).some(({ holds }) => !holds)) process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof CemError)) throw error;
  process.stderr.write(`gpu-check: ${error.message} [${error.code}]\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
