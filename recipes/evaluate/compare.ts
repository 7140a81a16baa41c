import { UsageError } from '../../base/index.ts';
import {
  compareRows,
  DEFAULT_ROUNDS,
  type EvaluationRecord,
  type MeasureComparison,
  readEvaluationRecord,
} from '../../eval/index.ts';

export interface CompareOptions {
  /** Folder that `evaluate` wrote to (its `output`). */
  readonly first: string;
  /** Another, or the same. */
  readonly second: string;
  /** Row of both, or of each: `FIRST,SECOND`; the student by default, or the only row that both have. */
  readonly rows?: string | undefined;
  readonly measures?: readonly string[] | undefined;
  /** Random assignments, and resamples. */
  readonly rounds?: number | undefined;
  /** Seed of both. */
  readonly seed?: number | undefined;
}

/** What is compared unless it is said. */
export const COMPARED_MEASURES = ['ndcg_at_10', 'recall_at_10', 'recall_at_100', 'map_at_100', 'mrr_at_10'];

/** Two evaluations, query by query. */
export interface CompareResult {
  readonly first: { readonly path: string; readonly row: string };
  readonly second: { readonly path: string; readonly row: string };
  readonly queries: number;
  readonly seed: number;
  readonly rounds: number;
  /** Differences are second minus first. */
  readonly comparisons: readonly MeasureComparison[];
}

/**
 * Compares two evaluations query by query: paired randomisation test, bootstrap interval, wins and losses.
 *
 * @throws UsageError `COMPARE_ROUNDS`, `COMPARE_SEED`, `COMPARE_ROWS`; and what `readEvaluationRecord` and `compareRows` throw
 */
export async function compareEvaluations(options: CompareOptions): Promise<CompareResult> {
  const { first, second, rows, measures = COMPARED_MEASURES, rounds = DEFAULT_ROUNDS, seed = 0 } = options;
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new UsageError('COMPARE_ROUNDS', `--rounds ${rounds} is no whole number from 1 on`);
  if (!Number.isInteger(seed)) throw new UsageError('COMPARE_SEED', `--seed ${seed} is no whole number`);
  const records = [await readEvaluationRecord(first), await readEvaluationRecord(second)] as const;
  const [firstRow, secondRow] = chooseRows(rows, records);
  const comparisons = compareRows({ record: records[0], row: firstRow }, { record: records[1], row: secondRow }, measures, {
    rounds,
    seed,
  });
  return {
    first: { path: first, row: firstRow },
    second: { path: second, row: secondRow },
    queries: records[0].queries.length,
    seed,
    rounds,
    comparisons,
  };
}

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
