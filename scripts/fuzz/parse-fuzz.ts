import { isCemError } from '../../base/index.ts';
import { type ParseLimits, ParseWorkers } from '../../ingest/index.ts';
import { assertDocuments } from '../../tests/contracts/parser.ts';
import { makeParseCase } from './parse-cases.ts';
import { PARSE_SAMPLES } from './parse-samples.ts';

export interface ParseFuzzOptions {
  readonly format: string;
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  readonly workers?: number;
  readonly limits?: Partial<ParseLimits>;
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
  /** Megabytes of the process at its largest, looked at after each file. */
  readonly memory: number;
}

/** Limits under which files of a few kilobytes are parsed. */
const LIMITS: Partial<ParseLimits> = { seconds: 5, memory: 256 };

/** Parses mutated files of one format in processes under limits, as `cem ingest` does. */
export async function fuzzParser(options: ParseFuzzOptions): Promise<ParseFuzzReport> {
  const { format, seed, first, count, workers = 2, limits = LIMITS, onProgress } = options;
  const samples = PARSE_SAMPLES[format]!;
  const start = performance.now();
  const errors: Record<string, number> = {};
  const findings: { number: number; finding: string }[] = [];
  let documents = 0;
  let longest = 0;
  let memory = 0;
  await using host = new ParseWorkers({ workers, limits });
  const run = async (number: number): Promise<void> => {
    const file = makeParseCase(samples, seed, number);
    const begin = performance.now();
    try {
      assertDocuments((await host.parseFile(file, { format })).documents, file);
      documents += 1;
    } catch (error) {
      if (isCemError(error) && error.code !== 'PARSE_FAILED') errors[error.code] = (errors[error.code] ?? 0) + 1;
      else findings.push({ number, finding: String(error).slice(0, 500) });
    }
    longest = Math.max(longest, (performance.now() - begin) / 1000);
    memory = Math.max(memory, process.memoryUsage.rss() / 2 ** 20);
  };
  let next = first;
  const lane = async (): Promise<void> => {
    for (let number = next++; number < first + count; number = next++) {
      await run(number);
      onProgress?.(number - first + 1, count);
    }
  };
  await Promise.all(Array.from({ length: workers }, lane));
  return { documents, errors, findings, seconds: (performance.now() - start) / 1000, longest, memory };
}
