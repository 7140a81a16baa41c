import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CemError } from '../../base/index.ts';
import { type BenchReport, describeMachine, type Measurement } from '../measurement.ts';

/** Issue 5: MB of resident memory for a chunk of 16,384 symbols. */
const MEMORY_BAR = 2000;
/** What a symbol of the longest chunk may cost more than one of the shortest in the local part, whose time should be linear. */
const LINEAR_BAR = 1.25;

/** Encoding one chunk. MB are 10^6 bytes. */
export interface LengthTimes {
  readonly symbols: number;
  /** Table rows, local encoder and patch pooling. */
  readonly localMilliseconds: number;
  /** The same and all that follows. */
  readonly wholeMilliseconds: number;
  /** Largest resident memory of the process, model and libraries included. */
  readonly peakMegabytes: number;
}

export interface LengthBenchInput {
  /** YAML file of a run. */
  readonly config: string;
  /** Ascending. */
  readonly lengths: readonly number[];
  readonly backend: string;
  readonly onStage?: (stage: string) => void;
}

/**
 * What a chunk's length costs: time of the local part and of the global one, and memory.
 *
 * @throws CemError `BENCH_LENGTH`
 */
export async function benchLength({ config, lengths, backend, onStage }: LengthBenchInput): Promise<BenchReport> {
  const times: LengthTimes[] = [];
  for (const length of lengths) {
    onStage?.(`${length} symbols`);
    times.push(await measureLength(config, length, backend));
  }
  const first = times[0]!;
  const measurements = times.flatMap((time): Measurement[] => {
    const { symbols, localMilliseconds, wholeMilliseconds, peakMegabytes } = time;
    const isLast = time === times.at(-1);
    const name = `${symbols.toLocaleString('en')} symbols`;
    return [
      {
        name: `local part, a symbol of ${name}`,
        value: (1000 * localMilliseconds) / symbols,
        unit: 'µs',
        reference: {
          name: `µs, of ${first.symbols.toLocaleString('en')}`,
          value: (1000 * first.localMilliseconds) / first.symbols,
        },
        ...(isLast && { bar: { atMost: LINEAR_BAR } }),
      },
      { name: `local part, ${name}`, value: localMilliseconds, unit: 'ms' },
      { name: `global part, ${name}`, value: wholeMilliseconds - localMilliseconds, unit: 'ms' },
      { name: `peak memory, ${name}`, value: peakMegabytes, unit: 'MB', ...(isLast && { bar: { atMost: MEMORY_BAR } }) },
    ];
  });
  return {
    bench: 'length',
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    notes: [
      `One chunk at a time through the encoder of ${config}, random rows and weights, 4 bytes a symbol, backend ${backend}; each length in a process of its own, medians of 5. Memory is the process's largest, model and libraries included.`,
    ],
    measurements,
  };
}

async function measureLength(config: string, symbols: number, backend: string): Promise<LengthTimes> {
  const program = fileURLToPath(new URL('./length-program.ts', import.meta.url));
  try {
    const words = ['--import', import.meta.resolve('tsx'), program, config, String(symbols), backend];
    const { stdout } = await promisify(execFile)(process.execPath, words);
    return JSON.parse(stdout) as LengthTimes;
  } catch (error) {
    throw new CemError('BENCH_LENGTH', `encoding a chunk of ${symbols} symbols failed: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
