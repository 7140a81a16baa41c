import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { watchAllocations } from './allocation-watch.ts';
import { Finding, type Outcome } from './zpkg-check.ts';

/** Processor time of one case, in microseconds. */
const TIME_LIMIT = 1_000_000;
const REPORT_EVERY = 2000;

/** How cases of one kind are run. */
export interface CaseRunner<Input> {
  make(seed: number, number: number): Input;
  /** @throws Finding */
  check(input: Input, folder: string): Outcome | Promise<Outcome>;
  /** Most bytes that are allocated at once. */
  readonly allocationLimit: number;
}

/**
 * The work of a process that was started as `PROGRAM SEED FIRST END FOLDER`: says each finding and now and then its counts as a line of JSON, and keeps the number of
 * the case at work in `FOLDER/case`, so that whoever started it knows which one killed it or hangs.
 */
export async function runCases<Input>({ make, check, allocationLimit }: CaseRunner<Input>): Promise<void> {
  const [seed, first, end] = process.argv.slice(2, 5).map(Number) as [number, number, number];
  const folder = process.argv[5]!;
  const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
  const allocations = watchAllocations();
  const progress = openSync(join(folder, 'case'), 'w');
  const numberBytes = Buffer.alloc(8);
  let counts: Record<Outcome, number> = { refused: 0, accepted: 0, parserOnly: 0, programOnly: 0 };
  for (let number = first; number < end; number++) {
    numberBytes.writeDoubleLE(number);
    writeSync(progress, numberBytes, 0, 8, 0);
    const input = make(seed, number);
    allocations.takeLargest();
    const before = process.cpuUsage();
    try {
      const outcome = await check(input, folder);
      counts[outcome] += 1;
      const { user, system } = process.cpuUsage(before);
      if (user + system > TIME_LIMIT) throw new Finding(`it took ${((user + system) / 1e6).toFixed(1)} s of processor time`);
      const largest = allocations.takeLargest();
      if (largest > allocationLimit) throw new Finding(`it allocated ${largest} bytes at once, the limit is ${allocationLimit}`);
    } catch (error) {
      if (!(error instanceof Finding)) throw error;
      say({ number, finding: error.message });
    }
    if ((number - first + 1) % REPORT_EVERY === 0 || number === end - 1) {
      say({ counts, next: number + 1 });
      counts = { refused: 0, accepted: 0, parserOnly: 0, programOnly: 0 };
    }
  }
  closeSync(progress);
}
