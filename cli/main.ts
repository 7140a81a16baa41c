#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { CemError, messageOf, printableLine, UsageError, writeText } from '../base/index.ts';
import { COMMANDS } from './commands.ts';
import { markLiteralWords, refuseForeignWords, WORDS_FOLLOW, withoutMarks } from './options/literal-words.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** Prints what went wrong in one line (with the cause where it says more) and gives the exit code for it. */
function report(error: unknown): number {
  if (error instanceof CemError) {
    writeText(process.stderr, `cem: ${printableLine(error.message)} [${error.code}]`);
    return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
  }
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const where = path === undefined ? '' : `writing ${path} failed: `;
    writeText(process.stderr, `cem: ${printableLine(`${where}${messageOf(error)}`)} [${code}]`);
    return EXIT_FAILED;
  }
  writeText(process.stderr, `cem: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return EXIT_FAILED;
}

async function main(argv: readonly string[]): Promise<number> {
  const parser = yargs(markLiteralWords(argv))
    // Our texts are English; yargs' own would be in the language of the machine.
    .detectLocale(false)
    .scriptName('cem')
    .usage('$0 <command> [options]\n\nTrain an embedding model on compressed bytes, and search compressed documents with it.')
    .option('json', { type: 'boolean', default: false, describe: 'print one JSON document on standard output' })
    .option('backend', {
      type: 'string',
      default: process.env['CEM_BACKEND'] ?? 'auto',
      choices: ['auto', 'xla', 'tensorflow', 'webgpu', 'wasm', 'cpu'],
      describe: 'what computes (or CEM_BACKEND)',
    })
    .option(WORDS_FOLLOW, { type: 'boolean', hidden: true })
    .command([...COMMANDS])
    .demandCommand(1, 'say which command')
    .strict()
    .recommendCommands()
    .wrap(Math.min(120, process.stdout.columns ?? 120))
    .exitProcess(false)
    .fail((message, error) => {
      if (error) throw error;
      // Some of its messages are laid out over several lines.
      const said = withoutMarks(message).replaceAll(/\s*\n\s*/g, ' ');
      const what = said.startsWith('Did you mean') ? `unknown command, ${said.toLowerCase()}` : said;
      throw new UsageError('USAGE', `${what} - \`cem --help\` and \`cem COMMAND --help\` say what there is`);
    });
  try {
    refuseForeignWords(argv);
    await parser.parseAsync();
    return 0;
  } catch (error) {
    return report(error);
  }
}

process.exitCode = await main(hideBin(process.argv));
