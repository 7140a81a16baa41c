import { formatTable, UsageError } from '../../base/index.ts';
import {
  compareRows,
  DEFAULT_ROUNDS,
  type EvaluationRecord,
  type MeasureComparison,
  readEvaluationRecord,
} from '../../eval/index.ts';
import { defineCommand } from '../command.ts';

interface CompareOptions {
  readonly first: string;
  readonly second: string;
  readonly rows: string | undefined;
  readonly measures: string;
  readonly rounds: number;
  readonly seed: number;
}

interface CompareResult {
  readonly first: { readonly path: string; readonly row: string };
  readonly second: { readonly path: string; readonly row: string };
  readonly queries: number;
  readonly seed: number;
  readonly rounds: number;
  /** Differences are second minus first. */
  readonly comparisons: readonly MeasureComparison[];
}

export const compareCommand = defineCommand<CompareOptions, CompareResult>({
  command: 'compare <first> <second>',
  describe: 'Compare two evaluations query by query: paired randomisation test, bootstrap interval, wins and losses',
  examples: [
    ['compare evaluations/before evaluations/after', 'the students of two evaluations of the same data'],
    ['compare evaluations/scifact evaluations/scifact --rows bm25,student', 'two rows of one evaluation'],
  ],
  options: (parser) =>
    parser
      .positional('first', { type: 'string', demandOption: true, describe: 'folder that cem eval --output wrote' })
      .positional('second', { type: 'string', demandOption: true, describe: 'another, or the same' })
      .option('rows', {
        type: 'string',
        describe: 'row of both, or of each: FIRST,SECOND; the student by default, or the only row that both have',
      })
      .option('measures', {
        type: 'string',
        default: 'ndcg_at_10,recall_at_10,recall_at_100,map_at_100,mrr_at_10',
        describe: 'separated by commas',
      })
      .option('rounds', { type: 'number', default: DEFAULT_ROUNDS, describe: 'random assignments, and resamples' })
      .option('seed', { type: 'number', default: 0, describe: 'of both' }),
  run: async ({ first, second, rows, measures, rounds, seed }) => {
    if (!Number.isInteger(rounds) || rounds < 1)
      throw new UsageError('COMPARE_ROUNDS', `--rounds ${rounds} is no whole number from 1 on`);
    if (!Number.isInteger(seed)) throw new UsageError('COMPARE_SEED', `--seed ${seed} is no whole number`);
    const records = [await readEvaluationRecord(first), await readEvaluationRecord(second)] as const;
    const [firstRow, secondRow] = chooseRows(rows, records);
    const comparisons = compareRows(
      { record: records[0], row: firstRow },
      { record: records[1], row: secondRow },
      measures.split(',').map((name) => name.trim()),
      { rounds, seed },
    );
    return {
      first: { path: first, row: firstRow },
      second: { path: second, row: secondRow },
      queries: records[0].queries.length,
      seed,
      rounds,
      comparisons,
    };
  },
  text: formatComparison,
});

/** @throws UsageError `COMPARE_ROWS` */
function chooseRows(
  rows: string | undefined,
  [first, second]: readonly [EvaluationRecord, EvaluationRecord],
): [first: string, second: string] {
  if (rows !== undefined) {
    const names = rows.split(',').map((name) => name.trim());
    if (names.length <= 2) return [names[0]!, names.at(-1)!];
    throw new UsageError('COMPARE_ROWS', `--rows ${rows} names more than two rows`);
  }
  const common = Object.keys(first.encoders).filter((row) => second.encoders[row] !== undefined);
  const row = common.includes('student') ? 'student' : common[0];
  if (row !== undefined && (row === 'student' || common.length === 1)) return [row, row];
  throw new UsageError(
    'COMPARE_ROWS',
    `say which rows to compare with --rows FIRST,SECOND: ${first.path} has ${Object.keys(first.encoders).join(', ')}, ${second.path} has ${Object.keys(second.encoders).join(', ')}`,
  );
}

function formatComparison({ first, second, queries, rounds, seed, comparisons }: CompareResult): string {
  const signed = (value: number): string => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(4)}`;
  const rows = comparisons.map(({ measure, first: before, second: after, difference, interval, p, wins, ties, losses }) => [
    measure,
    before.toFixed(4),
    after.toFixed(4),
    signed(difference),
    `${signed(interval.low)} to ${signed(interval.high)}`,
    p.toFixed(4),
    `${wins}/${ties}/${losses}`,
  ]);
  return [
    `first   ${first.path} ${first.row}`,
    `second  ${second.path} ${second.row}`,
    '',
    formatTable(['', 'first', 'second', 'difference', '95% interval', 'p', 'won/tied/lost'], rows),
    '',
    `${queries} queries; differences are second minus first; paired randomisation test and bootstrap of ${rounds} rounds, seed ${seed}`,
  ].join('\n');
}
