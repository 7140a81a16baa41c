import { type MigrateDatabaseResult, type MigratedStore, migrateDatabase } from '../../recipes/database/index.ts';
import { defineCommand } from '../command.ts';
import { withStopSignal } from '../process/stop-signal.ts';

interface MigrateDatabaseCommandOptions {
  readonly index?: string | undefined;
  readonly collection?: string | undefined;
  readonly database?: string | undefined;
  readonly 'dry-run': boolean;
}

/** Brings tables of earlier versions to those of this one. */
export const databaseMigrateCommand = defineCommand<MigrateDatabaseCommandOptions, MigrateDatabaseResult>({
  command: 'migrate',
  describe: 'bring tables that an earlier version made to those of this one',
  examples: [
    ['database migrate --collection docs.collection', 'each step in a transaction; one that is there is left alone'],
    ['database migrate --database postgres://user@host/db --dry-run', 'what would be run for all tables in a server'],
  ],
  options: (parser) =>
    parser
      .option('index', { type: 'string', describe: 'the index whose tables are meant' })
      .option('collection', { type: 'string', describe: 'the collection whose tables are meant' })
      .option('database', {
        type: 'string',
        describe:
          'a PostgreSQL server: all tables of indexes and collections in it, or with its password those of the one that is named',
      })
      .option('dry-run', { type: 'boolean', default: false, describe: 'show what would be run, and run nothing' }),
  run: ({ index, collection, database, 'dry-run': dryRun }) =>
    withStopSignal((signal) => migrateDatabase({ index, collection, database, dryRun, signal })),
  text: ({ stores }) =>
    stores.length === 0 ? 'there are no tables of indexes or collections in this database' : stores.map(storeText).join('\n'),
});

function storeText({ location, store, migrations, applied }: MigratedStore): string {
  const pending = migrations.filter(({ state }) => state === 'pending');
  const what =
    pending.length > 0
      ? `${pending.length} to apply: run the same without --dry-run`
      : applied.length > 0
        ? `applied ${applied.join(', ')}`
        : 'as this version has them';
  const steps = pending.flatMap(({ name, statements = [] }) => [`-- ${name}`, ...statements.map((statement) => `${statement};`)]);
  return [`tables ${store}_… in ${location}: ${what}`, ...steps].join('\n');
}
