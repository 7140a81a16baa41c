import yargs, { type CommandModule } from 'yargs';
import type { GlobalOptions } from '../../cli/command.ts';

/** Runs one command in this process and gives what it writes to standard output; what it throws comes through. */
export async function runCommand<Options>(
  command: CommandModule<GlobalOptions, Options>,
  words: readonly string[],
): Promise<string> {
  const write = process.stdout.write;
  let output = '';
  process.stdout.write = ((text: string) => {
    output += text;
    return true;
  }) as typeof write;
  try {
    await yargs([...words])
      .option('json', { type: 'boolean', default: false })
      .option('backend', { type: 'string', default: process.env['CEM_BACKEND'] ?? 'auto' })
      .command(command)
      .strict()
      .exitProcess(false)
      .fail(false)
      .parseAsync();
  } finally {
    process.stdout.write = write;
  }
  return output;
}
