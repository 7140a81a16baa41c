import { readFileSync } from 'node:fs';
import { isCemError } from '../../base/index.ts';
import { ParseWorkers } from '../../ingest/index.ts';
import { assertDocuments } from '../../tests/contracts/parser.ts';
import { makeParseCase } from './parse-cases.ts';
import { PARSE_SAMPLES } from './parse-samples.ts';

export interface ParseFuzzOptions {
  readonly format: string;
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  readonly workers?: number;
  /** That a file may take: 5 unless given. */
  readonly seconds?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface ParseFuzzReport {
  /** Files that became documents. */
  readonly documents: number;
  /** Files that were refused, by the error's code; those over a limit are among them. */
  readonly errors: Readonly<Record<string, number>>;
  /** Documents that break the contract, and errors that are not ours. */
  readonly findings: readonly { readonly number: number; readonly finding: string }[];
  readonly seconds: number;
  /** Seconds of the file that took longest, its wait included. */
  readonly longest: number;
  /** Numbers of the files that took longer than they may: they are among the errors. */
  readonly timeouts: readonly number[];
  /** Megabytes of our process at its largest, looked at after each file. */
  readonly memory: number;
  /** Megabytes of the largest process that parsed, where the system tells. */
  readonly parserMemory: number | undefined;
}

/** Limits under which files of a few kilobytes are parsed: seconds, and megabytes of the process's heap. */
const SECONDS = 5;
const MEMORY = 256;

/** Parses mutated files of one format in processes under limits, as `cem ingest` does. */
export async function fuzzParser(options: ParseFuzzOptions): Promise<ParseFuzzReport> {
  const { format, seed, first, count, workers = 2, seconds = SECONDS, onProgress } = options;
  const samples = PARSE_SAMPLES[format]!;
  const start = performance.now();
  const errors: Record<string, number> = {};
  const findings: { number: number; finding: string }[] = [];
  let documents = 0;
  let longest = 0;
  let memory = 0;
  let parserMemory: number | undefined;
  const timeouts: number[] = [];
  await using host = new ParseWorkers({ workers, limits: { seconds, memory: MEMORY } });
  const run = async (number: number): Promise<void> => {
    const file = makeParseCase(samples, seed, number);
    const begin = performance.now();
    try {
      assertDocuments((await host.parseFile(file, { format })).documents, file);
      documents += 1;
    } catch (error) {
      if (isCemError(error) && error.code === 'PARSE_TIMEOUT') timeouts.push(number);
      if (isCemError(error) && error.code !== 'PARSE_FAILED') errors[error.code] = (errors[error.code] ?? 0) + 1;
      else findings.push({ number, finding: String(error).slice(0, 500) });
    }
    longest = Math.max(longest, (performance.now() - begin) / 1000);
    memory = Math.max(memory, process.memoryUsage.rss() / 2 ** 20);
    for (const megabytes of memoryOfChildren()) parserMemory = Math.max(parserMemory ?? 0, megabytes);
  };
  let next = first;
  const lane = async (): Promise<void> => {
    for (let number = next++; number < first + count; number = next++) {
      await run(number);
      onProgress?.(number - first + 1, count);
    }
  };
  await Promise.all(Array.from({ length: workers }, lane));
  return { documents, errors, findings, seconds: (performance.now() - start) / 1000, longest, timeouts, memory, parserMemory };
}

/** Megabytes that each process which ours has started had at its largest; none where the system does not tell. */
function memoryOfChildren(): readonly number[] {
  // proc(5): `children` of a thread, and `VmHWM` of `status`, in kilobytes. A process may end while it is looked at.
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  };
  const children = read(`/proc/${process.pid}/task/${process.pid}/children`).split(' ').filter(Boolean);
  return children.map((pid) => Number(/^VmHWM:\s*(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024);
}
