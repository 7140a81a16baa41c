/**
 * The process that does the work: `node --import tsx scripts/fuzz/run-cases.ts SEED FIRST END FOLDER`. Says each finding and now and then its counts as a line
 * of JSON, and keeps the number of the case at work in `FOLDER/case`, so that whoever started it knows which one killed it or hangs.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { watchAllocations } from './allocation-watch.ts';
import { makeZpkgCase } from './zpkg-cases.ts';
import { CONTENT_LIMIT, checkContainer, checkFrame, Finding, type Outcome } from './zpkg-check.ts';
import { makeZpkgSamples } from './zpkg-samples.ts';

/** Processor time of one case, in microseconds. */
const TIME_LIMIT = 1_000_000;
/** One array per byte of content takes at most 8 bytes each (numbers of 32 bits, room doubled); a container is read in windows of 1 MiB. */
const ALLOCATION_LIMIT = 8 * CONTENT_LIMIT;
const REPORT_EVERY = 2000;

const [seed, first, end] = process.argv.slice(2, 5).map(Number) as [number, number, number];
const folder = process.argv[5]!;

const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const samples = await makeZpkgSamples();
const allocations = watchAllocations();
const progress = openSync(join(folder, 'case'), 'w');
const numberBytes = Buffer.alloc(8);
let counts: Record<Outcome, number> = { refused: 0, accepted: 0, parserOnly: 0, programOnly: 0 };
for (let number = first; number < end; number++) {
  numberBytes.writeDoubleLE(number);
  writeSync(progress, numberBytes, 0, 8, 0);
  const input = makeZpkgCase(samples, seed, number);
  allocations.takeLargest();
  const before = process.cpuUsage();
  try {
    const outcome = input.kind === 'frame' ? checkFrame(input) : await checkContainer(input, join(folder, 'case.zpkg'));
    counts[outcome] += 1;
    const { user, system } = process.cpuUsage(before);
    if (user + system > TIME_LIMIT) throw new Finding(`it took ${((user + system) / 1e6).toFixed(1)} s of processor time`);
    const largest = allocations.takeLargest();
    if (largest > ALLOCATION_LIMIT) throw new Finding(`it allocated ${largest} bytes at once, the limit is ${ALLOCATION_LIMIT}`);
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
