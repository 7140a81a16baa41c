import type { Argv } from 'yargs';
import type { BenchReport } from './measurement.ts';

/** One measurement that `npm run bench -- NAME` makes. */
export interface Bench<Options extends object> {
  readonly name: string;
  readonly describe: string;
  options(parser: Argv): Argv<Options>;
  /** @param say prints a line of progress on standard error */
  run(options: Options, say: (line: string) => void): Promise<BenchReport>;
}

/** Says that `--name value` is a whole number from `smallest` on, for yargs' `coerce`. */
export function wholeNumber(name: string, smallest: number): (value: number) => number {
  return (value) => {
    if (Number.isSafeInteger(value) && value >= smallest) return value;
    throw new Error(`--${name} ${value} is not a whole number from ${smallest} on`);
  };
}
