import type { Argv, CommandModule } from 'yargs';
import { type CemError, type Listener, printableResult, snakeCaseKeys, UsageError, writeText } from '../base/index.ts';
import { takeLiteralWords } from './options/literal-words.ts';
import { createReporter } from './output/reporter.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly json: boolean;
  readonly backend: string;
}

/** One command of the CLI: what it takes, what it does, and how its result reads as text. `--json` prints the result itself, its keys in snake_case. */
export interface CommandSpecification<Options, Result> {
  /** yargs' form, e.g. `pack <input> <output>`. */
  readonly command: string;
  readonly describe: string;
  /** At least one, as typed after `cem`. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  options(parser: Argv<GlobalOptions>): Argv<Options>;
  run(options: Options & GlobalOptions, listener: Listener): Promise<Result>;
  /** Lays a result out for people. Control characters in its strings are escapes by then, so that they are of one line each. */
  text(result: Result): string;
  /** Names of properties of the result, at any depth, that are texts of several lines. */
  readonly texts?: readonly string[];
  /** Paths in the result whose keys are data, which `--json` prints as they are: see `snakeCaseKeys`. */
  readonly dataKeys?: readonly string[];
  /** What is wrong with a result that is printed all the same: exit code 1. */
  failure?(result: Result): CemError | undefined;
}

/** Turns a specification into a yargs command whose result goes to standard output: one JSON document with `--json`, text without. */
export function defineCommand<Options, Result>(
  specification: CommandSpecification<Options, Result>,
): CommandModule<GlobalOptions, Options> {
  let lists: readonly string[] = [];
  return {
    command: specification.command,
    describe: specification.describe,
    builder: (parser) => {
      const withOptions = specification.options(parser);
      lists = (withOptions as unknown as { getOptions(): { readonly array: readonly string[] } }).getOptions().array;
      for (const [line, meaning] of specification.examples) withOptions.example(`cem ${line}`, meaning);
      return withOptions;
    },
    handler: async (parsed) => {
      refuseRepeated(parsed, lists);
      const options = takeLiteralWords(parsed) as unknown as Options & GlobalOptions;
      const result = await specification.run(options, createReporter());
      if (options.json) process.stdout.write(`${JSON.stringify(snakeCaseKeys(result, specification.dataKeys), null, 2)}\n`);
      else {
        const text = specification.text(printableResult(result, specification.texts));
        if (text !== '') writeText(process.stdout, text);
      }
      const failure = specification.failure?.(result);
      if (failure) throw failure;
    },
  };
}

/** yargs makes a list of an option that is given twice: only those that are lists may be. */
function refuseRepeated(parsed: object, lists: readonly string[]): void {
  for (const [name, value] of Object.entries(parsed)) {
    if (name === '_' || lists.includes(name) || !Array.isArray(value)) continue;
    throw new UsageError('USAGE', `--${name} is given ${value.length} times (${value.join(', ')}); give it once`);
  }
}
