import { type DatabasePlan, planDatabase } from '../../recipes/database/index.ts';
import { defineCommand } from '../command.ts';
import {
  hnswOptions,
  partitionsOption,
  precisionOption,
  type VectorIndexOptions,
  vectorIndexOfOptions,
  vectorIndexOption,
} from '../options/index-options.ts';

interface PlanDatabaseCommandOptions extends VectorIndexOptions {
  readonly dimension?: number | undefined;
  readonly partitions?: number | undefined;
  readonly terms: boolean;
  readonly database?: string | undefined;
}

/** The statements that a new index has a server run. */
export const databasePlanCommand = defineCommand<PlanDatabaseCommandOptions, DatabasePlan>({
  command: 'plan',
  describe: 'show the statements that make the tables of a new index; nothing is run',
  examples: [
    [
      'database plan --precision binary --partitions 16 --terms --vector-index hnsw',
      'for an administrator to look at; an index has its id in the place of cem',
    ],
    ['database plan --partitions 32 --database postgres://user@host/db', 'with those of Citus where the server has it'],
  ],
  options: (parser) =>
    parser
      .option('dimension', { type: 'number', describe: 'values of a vector (384)' })
      .option('precision', precisionOption)
      .option('partitions', partitionsOption)
      .option('terms', { type: 'boolean', default: false, describe: 'with the tables of terms, for search by words' })
      .option('vector-index', vectorIndexOption)
      .options(hnswOptions)
      .option('database', { type: 'string', describe: 'a server that is asked whether it has Citus' }),
  run: ({ dimension, precision, partitions, terms, database, ...index }) =>
    planDatabase({ dimension, precision, partitions, terms, database, vectorIndex: vectorIndexOfOptions(index) }),
  text: ({ statements }) => statements.map((statement) => `${statement};`).join('\n'),
});
