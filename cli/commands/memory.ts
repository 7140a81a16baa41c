import type { CommandModule } from 'yargs';
import type { GlobalOptions } from '../command.ts';
import { memoryAddCommand } from '../memory/add.ts';
import { memoryQueryCommand } from '../memory/query.ts';

/** Memories that texts call up, by vector groups. */
export const memoryCommand: CommandModule<GlobalOptions, GlobalOptions> = {
  command: 'memory',
  describe: 'Memories that texts call up, by groups of vectors: add, query',
  builder: (parser) => parser.command(memoryAddCommand).command(memoryQueryCommand).demandCommand(1, 'say which: add or query'),
  handler: () => undefined,
};
