import type { CommandModule } from 'yargs';
import type { GlobalOptions } from '../command.ts';
import { databaseMigrateCommand } from '../database/migrate.ts';
import { databasePlanCommand } from '../database/plan.ts';

/** What is done about the database of indexes and collections. */
export const databaseCommand: CommandModule<GlobalOptions, GlobalOptions> = {
  command: 'database',
  describe: 'The tables of indexes and collections: plan, migrate',
  builder: (parser) =>
    parser.command(databasePlanCommand).command(databaseMigrateCommand).demandCommand(1, 'say which: plan or migrate'),
  handler: () => undefined,
};
