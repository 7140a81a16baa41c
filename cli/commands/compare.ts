import { formatTable } from '../../base/index.ts';
import { DEFAULT_ROUNDS } from '../../eval/index.ts';
import { COMPARED_MEASURES, type CompareResult, compareEvaluations } from '../../recipes/evaluate/index.ts';
import { defineCommand } from '../command.ts';

interface CompareCommandOptions {
  readonly first: string;
  readonly second: string;
  readonly rows: string | undefined;
  readonly measures: string;
  readonly rounds: number;
  readonly seed: number;
}

export const compareCommand = defineCommand<CompareCommandOptions, CompareResult>({
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
        default: COMPARED_MEASURES.join(','),
        describe: 'separated by commas',
      })
      .option('rounds', { type: 'number', default: DEFAULT_ROUNDS, describe: 'random assignments, and resamples' })
      .option('seed', { type: 'number', default: 0, describe: 'of both' }),
  run: ({ measures, ...options }) => compareEvaluations({ ...options, measures: measures.split(',').map((name) => name.trim()) }),
  text: formatComparison,
});

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
