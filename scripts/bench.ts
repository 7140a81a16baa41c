/**
 * `npm run bench -- zpkg`: measures the container against the zstd program and plain reads, says whether the bars are met, and with `--write` puts the figures
 * into eval/bench/RESULTS.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Document, readCorpus } from '../data/index.ts';
import { type BenchReport, formatReport, passes, replaceSection } from '../eval/bench/measurement.ts';
import { benchZpkg } from '../eval/bench/zpkg.ts';
import { CemError, UsageError } from '../zpkg/errors.ts';

const USAGE = `npm run bench -- zpkg --corpus PATH [--documents N] [--rounds N] [--megabytes N] [--write]

  --corpus PATH   texts to measure with: what \`cem pack\` reads
  --documents N   the first so many (8000)
  --rounds N      each figure is the median of so many (3)
  --megabytes N   size of the synthetic corpus whose memory is measured (300); 0 leaves it out
  --write         put the figures into eval/bench/RESULTS.md
`;

const root = fileURLToPath(new URL('..', import.meta.url));
const RESULTS = join(root, 'eval', 'bench', 'RESULTS.md');
/** MB of resident memory that packing may take, whatever the size of the corpus. */
const MEMORY_BAR = 500;

interface BenchOptions {
  readonly corpus: string;
  readonly documents: number;
  readonly rounds: number;
  readonly megabytes: number;
  readonly write: boolean;
}

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}

function parse(): BenchOptions | null {
  const options = {
    corpus: { type: 'string' },
    documents: { type: 'string', default: '8000' },
    rounds: { type: 'string', default: '3' },
    megabytes: { type: 'string', default: '300' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new UsageError('USAGE', `${(error as Error).message}\n${USAGE}`);
  }
  const { values, positionals } = parsed;
  if (values.help) return null;
  if (positionals.length !== 1 || positionals[0] !== 'zpkg')
    throw new UsageError('USAGE', `what to measure is \`zpkg\`, got \`${positionals.join(' ')}\`\n${USAGE}`);
  if (values.corpus === undefined) throw new UsageError('USAGE', `--corpus is missing\n${USAGE}`);
  const wholeNumber = (name: 'documents' | 'rounds' | 'megabytes', smallest: number): number => {
    const number = Number(values[name]);
    if (Number.isSafeInteger(number) && number >= smallest) return number;
    throw new UsageError('USAGE', `--${name} ${values[name]} is not a whole number from ${smallest} on\n${USAGE}`);
  };
  return {
    corpus: values.corpus,
    documents: wholeNumber('documents', 1),
    rounds: wholeNumber('rounds', 1),
    megabytes: wholeNumber('megabytes', 0),
    write: values.write,
  };
}

async function firstDocuments(path: string, count: number): Promise<Document[]> {
  const documents: Document[] = [];
  for await (const document of readCorpus(path)) {
    documents.push(document);
    if (documents.length === count) break;
  }
  return documents;
}

/** In a process of its own, whose memory is nothing else's. */
function measureMemory(megabytes: number, folder: string): { resident: number[]; peak: number; seconds: number } {
  const program = fileURLToPath(new URL('./bench/pack-synthetic.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), program, String(megabytes), join(folder, 'synthetic.zpkg')],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new CemError('BENCH_MEMORY', `packing the synthetic corpus failed: ${stderr}`);
  return JSON.parse(stdout) as { resident: number[]; peak: number; seconds: number };
}

async function measure({ corpus, documents, rounds, megabytes }: BenchOptions): Promise<BenchReport> {
  const folder = await mkdtemp(join(tmpdir(), 'cem-bench-'));
  try {
    const report = await benchZpkg({ documents: await firstDocuments(corpus, documents), folder, rounds, onStage: say });
    if (megabytes === 0) return report;
    say('memory');
    const { resident, peak, seconds } = measureMemory(megabytes, folder);
    return {
      ...report,
      notes: [
        ...report.notes,
        `Synthetic corpus: ${megabytes} MB at level 1 in ${seconds.toFixed(0)} s, the text being made on the way; resident at each tenth of the second pass: ${resident.join(', ')} MB.`,
      ],
      measurements: [
        ...report.measurements,
        { name: `peak memory, packing ${megabytes} MB`, value: peak, unit: 'MB', bar: { atMost: MEMORY_BAR } },
      ],
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  const options = parse();
  if (options === null) {
    process.stdout.write(USAGE);
    return;
  }
  const report = await measure(options);
  const section = formatReport(report);
  process.stdout.write(section);
  if (options.write) await writeFile(RESULTS, replaceSection(await readFile(RESULTS, 'utf8'), report.bench, section));
  if (report.measurements.some((measurement) => passes(measurement) === false)) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof CemError)) throw error;
  process.stderr.write(`bench: ${error.message} [${error.code}]\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
