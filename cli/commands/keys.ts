import type { CommandModule } from 'yargs';
import type { GlobalOptions } from '../command.ts';
import { keysAddCommand } from '../keys/add.ts';
import { keysListCommand } from '../keys/list.ts';
import { keysRemoveCommand } from '../keys/remove.ts';

/** Who may ask a server, and what. */
export const keysCommand: CommandModule<GlobalOptions, GlobalOptions> = {
  command: 'keys',
  describe: 'Keys that `cem serve` asks for: add, list, remove',
  builder: (parser) =>
    parser
      .command(keysAddCommand)
      .command(keysListCommand)
      .command(keysRemoveCommand)
      .demandCommand(1, 'say which: add, list or remove'),
  handler: () => undefined,
};
