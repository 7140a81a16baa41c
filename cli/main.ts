#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { CemError, messageOf, UsageError } from '../base/index.ts';
import { COMMANDS } from './commands.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** Prints what went wrong in one line (with the cause where it says more) and gives the exit code for it. */
function report(error: unknown): number {
  if (error instanceof CemError) {
    process.stderr.write(`cem: ${error.message} [${error.code}]\n`);
    return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
  }
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    process.stderr.write(`cem: ${path === undefined ? '' : `writing ${path} failed: `}${messageOf(error)} [${code}]\n`);
    return EXIT_FAILED;
  }
  process.stderr.write(`cem: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT_FAILED;
}

async function main(argv: readonly string[]): Promise<number> {
  const parser = yargs(argv as string[])
    .scriptName('cem')
    .usage('$0 <command> [options]\n\nTrain an embedding model on compressed bytes, and search compressed documents with it.')
    .option('json', { type: 'boolean', default: false, describe: 'print one JSON document on standard output' })
    .option('backend', {
      type: 'string',
      default: process.env['CEM_BACKEND'] ?? 'auto',
      choices: ['auto', 'tensorflow', 'webgpu', 'wasm', 'cpu'],
      describe: 'what computes (or CEM_BACKEND)',
    })
    .command([...COMMANDS])
    .demandCommand(1, 'say which command')
    .strict()
    .recommendCommands()
    .wrap(Math.min(120, process.stdout.columns ?? 120))
    .exitProcess(false)
    .fail((message, error) => {
      if (error) throw error;
      const what = message.startsWith('Did you mean') ? `unknown command, ${message.toLowerCase()}` : message;
      throw new UsageError('USAGE', `${what} - \`cem --help\` and \`cem COMMAND --help\` say what there is`);
    });
  try {
    await parser.parseAsync();
    return 0;
  } catch (error) {
    return report(error);
  }
}

process.exitCode = await main(hideBin(process.argv));
