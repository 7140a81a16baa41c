import { ASSUMED, type PlanStorageOptions, planStorage, type StoragePlan } from '../../recipes/plan/index.ts';
import { VECTOR_PRECISIONS } from '../../search/postgres/index.ts';
import { defineCommand } from '../command.ts';
import { formatStoragePlan } from '../text/storage-plan-text.ts';

interface PlanCommandOptions extends Omit<PlanStorageOptions, 'prices'> {
  readonly priceObject?: number | undefined;
  readonly priceDisk?: number | undefined;
  readonly priceMemory?: number | undefined;
  readonly priceCore?: number | undefined;
}

const measured = ({ value, source }: { readonly value: number; readonly source: string }): string => `(${value}: ${source})`;

/** What a collection of any size takes. */
export const planCommand = defineCommand<PlanCommandOptions, StoragePlan>({
  command: 'plan',
  describe:
    'say what a collection of any size takes: object storage, PostgreSQL, memory, workers for a deadline, prices, beside the usual stack',
  examples: [
    ['plan --documents 1e9 --passage-bytes 1000', 'a billion passages, with what was measured on this project'],
    [
      'plan --documents 2e6 --passages 12 --saving 0.71 --rate 140 --deadline 8',
      "with a sample's saving (cem inspect) and this machine's rate",
    ],
    ['plan --documents 1e8 --precision half --vector-index hnsw --json', 'a graph in place of codes in memory, as JSON'],
  ],
  options: (parser) =>
    parser
      .option('documents', { type: 'number', demandOption: true, describe: 'how many there are, as 1e9' })
      .option('passages', { type: 'number', describe: 'of a document (1)' })
      .option('passage-bytes', { type: 'number', describe: `bytes of a passage's text ${measured(ASSUMED.passageBytes)}` })
      .option('saving', { type: 'number', describe: `share of the text that compression saves ${measured(ASSUMED.saving)}` })
      .option('dimension', { type: 'number', describe: `values of a vector ${measured(ASSUMED.dimension)}` })
      .option('precision', { choices: VECTOR_PRECISIONS, describe: 'how vectors are stored (binary)' })
      .option('vector-index', { choices: ['none', 'hnsw'] as const, describe: 'what is built over them (none)' })
      .option('terms-share', {
        type: 'number',
        describe: `tables of terms as a share of the text ${measured(ASSUMED.termsShare)}`,
      })
      .option('metadata-bytes', { type: 'number', describe: `fields of a row ${measured(ASSUMED.metadataBytes)}` })
      .option('rate', { type: 'number', describe: `passages that a core ingests a second ${measured(ASSUMED.rate)}` })
      .option('deadline', { type: 'number', describe: 'hours in which all is ingested (24)' })
      .option('cores', { type: 'number', describe: 'of a worker (2)' })
      .option('usual-dimension', { type: 'number', describe: 'values of a vector of the usual stack (1024)' })
      .option('price-object', { type: 'number', describe: 'dollars of a GB of object storage a month (0.023)' })
      .option('price-disk', { type: 'number', describe: "dollars of a GB of a database's disk a month (0.115)" })
      .option('price-memory', { type: 'number', describe: 'dollars of a GB of memory a month (3)' })
      .option('price-core', { type: 'number', describe: 'dollars of a core for an hour (0.04)' }),
  run: async ({ priceObject, priceDisk, priceMemory, priceCore, ...options }) => {
    const prices = Object.entries({ object: priceObject, disk: priceDisk, memory: priceMemory, core: priceCore });
    return planStorage({ ...options, prices: Object.fromEntries(prices.filter(([, price]) => price !== undefined)) });
  },
  text: formatStoragePlan,
});
