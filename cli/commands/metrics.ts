import { CemError } from '../../base/index.ts';
import { averageMeasures, type MeasureValues, measureRun, readTrecQrels, readTrecRun, TREC_MEASURES } from '../../eval/index.ts';
import { defineCommand } from '../command.ts';

/** What trec_eval calls the mean over queries. */
const AVERAGE = 'all';

/** Measure values by query id, and their means under `all`. */
type MetricsResult = Readonly<Record<string, MeasureValues>>;

export const metricsCommand = defineCommand({
  command: 'metrics',
  describe: 'Measure a ranking in TREC files as trec_eval 10 does',
  examples: [
    ['metrics --qrels qrels.txt --run run.txt', 'means over the queries that have results and judgments'],
    [
      'metrics --qrels qrels.txt --run run.txt --complete --json',
      'every query and measure; judged queries without results count as 0',
    ],
  ],
  options: (parser) =>
    parser
      .option('qrels', { type: 'string', demandOption: true, describe: 'judgments: query, iteration, document, grade' })
      .option('run', { type: 'string', demandOption: true, describe: 'results: query, Q0, document, rank, score, run name' })
      .option('complete', {
        type: 'boolean',
        default: false,
        describe: 'count judged queries without results as 0 (trec_eval -c)',
      }),
  run: async ({ qrels, run, complete }) => measureFiles(qrels, run, complete),
  text: (result) =>
    Object.entries(result[AVERAGE]!)
      .map(([name, value]) => `${name.padEnd(14)} ${AVERAGE}  ${value.toFixed(4)}`)
      .join('\n'),
  // Ids of queries, and trec_eval's names.
  dataKeys: [''],
});

async function measureFiles(qrelsPath: string, runPath: string, complete: boolean): Promise<MetricsResult> {
  const [qrels, run] = await Promise.all([readTrecQrels(qrelsPath), readTrecRun(runPath)]);
  const perQuery = measureRun(run, qrels, TREC_MEASURES, { complete });
  if (perQuery.size === 0) {
    throw new CemError(
      'METRICS_NO_COMMON_QUERY',
      `${qrelsPath} and ${runPath} share no query (${qrels.size} and ${run.size} queries); check the query ids`,
    );
  }
  if (perQuery.has(AVERAGE)) {
    throw new CemError(
      'METRICS_RESERVED_QUERY',
      `a query is called "${AVERAGE}", which names the means in the result; rename it`,
    );
  }
  return Object.fromEntries([[AVERAGE, averageMeasures(perQuery.values())], ...perQuery]);
}
