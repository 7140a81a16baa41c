import { execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CemError } from '../../base/index.ts';
import { median } from '../measurement.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const PROGRAM = fileURLToPath(new URL('./ingest-program.ts', import.meta.url));
const TSX = ['--import', import.meta.resolve('tsx')];
const SAMPLE_MS = 500;
/** Of the clock that proc(5) counts a process's time by; 100 on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;
/** Stages of fewer samples say nothing of growth. */
const LEAST_SAMPLES = 20;
/** Before the first stage: everything is loaded, and the database made. */
const BEGINNING = 'beginning';

/** What a process has at a moment. */
export interface MemorySample {
  /** What it is at. */
  readonly stage: string;
  /** Seconds since its start. */
  readonly at: number;
  /** Resident memory, in MiB, of the process alone, and of those that parse for it together. */
  readonly own: number;
  readonly parsers: number;
  /** Seconds of processors that it has used, with those of the processes that it had and that have ended. */
  readonly processor: number;
}

/** What of an ingestion's result is looked at. */
interface IngestFigures {
  readonly files: { readonly added: number; readonly failed: number };
  readonly bytes: number;
  readonly documents: number;
  readonly passages: number;
  readonly seconds: number;
}

/** Ingests in a process of its own and looks at it twice a second. Throws CemError `BENCH_INGEST`. */
export async function measureIngest(
  files: string,
  collection: string,
  backend: string,
): Promise<{ readonly result: IngestFigures; readonly samples: readonly MemorySample[] }> {
  const child = spawn(process.execPath, [...TSX, PROGRAM, files, collection, backend], { stdio: ['ignore', 'pipe', 'inherit'] });
  const start = performance.now();
  const samples: MemorySample[] = [];
  let stage = BEGINNING;
  let result: IngestFigures | undefined;
  const timer = setInterval(async () => {
    const of = stage;
    const sample = await sampleOf(child.pid!);
    if (sample !== undefined) samples.push({ stage: of, at: (performance.now() - start) / 1000, ...sample });
  }, SAMPLE_MS);
  const ended = new Promise((resolve) => child.on('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { readonly stage?: string; readonly result?: IngestFigures };
    stage = said.stage ?? stage;
    result = said.result ?? result;
  }
  const code = await ended;
  clearInterval(timer);
  if (code !== 0 || result === undefined) throw new CemError('BENCH_INGEST', `the ingestion ended with ${String(code)}`);
  return { result, samples };
}

async function sampleOf(pid: number): Promise<Omit<MemorySample, 'stage' | 'at'> | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // proc(5): after the name, which is in brackets, utime is the 12th field, then stime and those of children.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter((child) => child !== '');
    const parsers = await Promise.all(children.map((child) => residentOf(child).catch(() => 0)));
    const own = await residentOf(String(pid));
    // One that is ending has none.
    if (own === 0) return undefined;
    return { own, parsers: parsers.reduce((sum, one) => sum + one, 0), processor: ticks / TICKS_A_SECOND };
  } catch {
    return undefined;
  }
}

async function residentOf(pid: string): Promise<number> {
  const kibibytes = /^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return Number(kibibytes) / 1024;
}

/** How many results a query has in a collection. */
export async function countResults(collection: string, query: string): Promise<number> {
  const words = ['search', '--collection', collection, '--json', query];
  const { stdout } = await promisify(execFile)(process.execPath, [...TSX, MAIN, ...words]);
  return (JSON.parse(stdout) as { readonly results: readonly unknown[] }).results.length;
}

/** The median of one fifth of the samples. */
export function fifthOf(values: readonly number[], number: number): number {
  const [from, to] = [number, number + 1].map((fifth) => Math.floor((fifth * values.length) / 5)) as [number, number];
  return median(values.slice(from, Math.max(from + 1, to)));
}

/** What a stage took, and its memory in its second fifth and in its last. */
export interface StageFigures {
  readonly stage: string;
  readonly seconds: number;
  readonly processor: number;
  /** MiB */
  readonly second: number;
  readonly last: number;
  /** Whether it says something of growth: it does the same for each file, and has samples enough. */
  readonly tellsGrowth: boolean;
}

/** The stages in their order. The processors' time of those that parse counts where they end. */
export function stagesOf(samples: readonly MemorySample[]): StageFigures[] {
  const names = [...new Set(samples.map(({ stage }) => stage))];
  return names.map((stage) => {
    const first = samples.findIndex((sample) => sample.stage === stage);
    const own = samples.filter((sample) => sample.stage === stage);
    const next = samples[first + own.length] ?? own.at(-1)!;
    const memory = own.map((sample) => sample.own);
    return {
      stage,
      seconds: next.at - own[0]!.at,
      processor: next.processor - own[0]!.processor,
      second: fifthOf(memory, 1),
      last: fifthOf(memory, 4),
      tellsGrowth: stage !== BEGINNING && own.length >= LEAST_SAMPLES,
    };
  });
}
