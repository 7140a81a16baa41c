import type { CommandModule } from 'yargs';
import type { GlobalOptions } from '../command.ts';
import { databasePlanCommand } from '../database/plan.ts';

/** What is done about the database of indexes and collections. */
export const databaseCommand: CommandModule<GlobalOptions, GlobalOptions> = {
  command: 'database',
  describe: 'The tables in a PostgreSQL server: plan',
  builder: (parser) => parser.command(databasePlanCommand).demandCommand(1, 'say which: plan'),
  handler: () => undefined,
};
