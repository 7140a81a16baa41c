import { UsageError } from '../../base/index.ts';
import type { EvaluationRecord } from '../records/evaluation-record.ts';
import { bootstrapInterval, type Interval, randomizationTest, type SamplingOptions } from './significance.ts';

/** Differences below this are ties: rounding of sums, no more. */
const TIE = 1e-9;

/** One measure of two runs over the same queries. All differences are second minus first. */
export interface MeasureComparison {
  readonly measure: string;
  readonly first: number;
  readonly second: number;
  readonly difference: number;
  /** 95% bootstrap interval of the difference. */
  readonly interval: Interval;
  /** p-value of the two-sided paired randomisation test. */
  readonly p: number;
  /** Whether the test went through all assignments. */
  readonly exact: boolean;
  /** Queries that the second did better, alike and worse. */
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
}

/** A row of an evaluation. */
export interface ComparedRow {
  readonly record: EvaluationRecord;
  readonly row: string;
}

/**
 * Compares two rows, of one evaluation or of two over the same candidates and queries.
 *
 * @throws UsageError `COMPARE_CORPUS`, `COMPARE_QUERIES`, `COMPARE_OWN_ID` (what was ranked differs), `COMPARE_ROW`, `COMPARE_MEASURE`
 */
export function compareRows(
  first: ComparedRow,
  second: ComparedRow,
  measures: readonly string[],
  options: SamplingOptions = {},
): MeasureComparison[] {
  assertComparable(first, second);
  return measures.map((measure) => {
    const before = scoresOf(first, measure);
    const after = scoresOf(second, measure);
    const differences = Array.from(before, ([query, score]) => after.get(query)! - score);
    const { p, exact } = randomizationTest(differences, options);
    return {
      measure,
      first: mean([...before.values()]),
      second: mean([...after.values()]),
      difference: mean(differences),
      interval: bootstrapInterval(differences, options),
      p,
      exact,
      wins: differences.filter((difference) => difference > TIE).length,
      ties: differences.filter((difference) => Math.abs(difference) <= TIE).length,
      losses: differences.filter((difference) => difference < -TIE).length,
    };
  });
}

function assertComparable(one: ComparedRow, other: ComparedRow): void {
  const [{ record: first }, { record: second }] = [one, other];
  if (first.corpus_hash !== second.corpus_hash) {
    throw new UsageError(
      'COMPARE_CORPUS',
      `${first.path} and ${second.path} ranked different documents (${first.counts.documents} and ${second.counts.documents}, hashes ${first.corpus_hash.slice(0, 12)} and ${second.corpus_hash.slice(0, 12)}): compare evaluations of the same data and candidates`,
    );
  }
  assertSameRule(one, other);
  const known = new Set(first.queries.map(({ id }) => id));
  if (known.size === second.queries.length && second.queries.every(({ id }) => known.has(id))) return;
  throw new UsageError(
    'COMPARE_QUERIES',
    `${first.path} (${first.split}) and ${second.path} (${second.split}) answered different queries: compare evaluations of the same split`,
  );
}

/** A ranking without the query's own document is another one. */
function assertSameRule(...rows: readonly ComparedRow[]): void {
  const dropped = rows.map(({ record, row }) => record.conditions[row]?.drop_own_id ?? false);
  if (dropped[0] === dropped[1]) return;
  const [without, with_] = dropped[0] ? rows : rows.toReversed();
  throw new UsageError(
    'COMPARE_OWN_ID',
    `${without!.record.path} left the document with the query's own id out of its rankings, and ${with_!.record.path} kept it: evaluate both with --drop-own-id, or both without`,
  );
}

/** Scores by query. */
function scoresOf({ record, row }: ComparedRow, measure: string): Map<string, number> {
  const scores = new Map<string, number>();
  for (const { id, measures } of record.queries) {
    const values = measures[row];
    if (values === undefined) {
      throw new UsageError(
        'COMPARE_ROW',
        `${record.path} has no row ${JSON.stringify(row)}; its rows are ${Object.keys(measures).join(', ')}`,
      );
    }
    const value = values[measure];
    if (value === undefined) {
      throw new UsageError(
        'COMPARE_MEASURE',
        `nothing is called ${JSON.stringify(measure)}; there are ${Object.keys(values).join(', ')}`,
      );
    }
    scores.set(id, value);
  }
  return scores;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
