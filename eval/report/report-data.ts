import { compareRows, type MeasureComparison } from '../comparison/comparison.ts';
import type { SamplingOptions } from '../comparison/significance.ts';
import type { EvaluationRecord, QueryRecord } from '../records/evaluation-record.ts';

const MEASURE = 'ndcg_at_10';
/** Wins, and losses, that are shown. */
const SHOWN_QUERIES = 5;
/** Rows that others are held against, and that are shown as the subject only when there is nothing else. */
const BASELINES = ['bm25', 'random'];

/** A query that two rows answered differently well. */
export interface ContrastedQuery {
  readonly query: Pick<QueryRecord, 'id' | 'text' | 'relevant' | 'first'>;
  /** nDCG@10 of the subject and of the other row. */
  readonly subject: number;
  readonly other: number;
}

/** Everything that the report shows of one evaluation: every figure of the page is in here. */
export interface ReportRun extends Omit<EvaluationRecord, 'path' | 'queries'> {
  /** The row that the evaluation is about. */
  readonly subject: string;
  /** The subject against each other row. */
  readonly comparisons: readonly (MeasureComparison & { readonly row: string })[];
  readonly contrast: {
    readonly other: string;
    readonly wins: readonly ContrastedQuery[];
    readonly losses: readonly ContrastedQuery[];
  } | null;
}

export interface ReportData {
  readonly runs: readonly ReportRun[];
}

/** Gathers what is shown of finished evaluations, in their order. */
export function reportData(records: readonly EvaluationRecord[], options: SamplingOptions = {}): ReportData {
  return { runs: records.map((record) => reportRun(record, options)) };
}

function reportRun(record: EvaluationRecord, options: SamplingOptions): ReportRun {
  const { path: _, queries, ...shown } = record;
  const rows = Object.keys(record.encoders);
  const subject = rows.includes('student') ? 'student' : (rows.find((row) => !BASELINES.includes(row)) ?? rows[0]!);
  const others = rows.filter((row) => row !== subject);
  const other = ['teacher', 'bm25'].find((row) => others.includes(row)) ?? others[0];
  return {
    ...shown,
    subject,
    comparisons: others.flatMap((row) =>
      compareRows({ record, row }, { record, row: subject }, [MEASURE], options).map((comparison) => ({ row, ...comparison })),
    ),
    contrast: other === undefined ? null : contrastOf(queries, subject, other),
  };
}

function contrastOf(queries: readonly QueryRecord[], subject: string, other: string): ReportRun['contrast'] {
  const contrasted = queries
    .map(({ measures, id, text, relevant, first }) => ({
      query: { id, text, relevant, first: { [subject]: first[subject] ?? null, [other]: first[other] ?? null } },
      subject: measures[subject]![MEASURE]!,
      other: measures[other]![MEASURE]!,
    }))
    // Stable: queries with the same difference stay in the order of the judgments.
    .sort((left, right) => right.subject - right.other - (left.subject - left.other));
  return {
    other,
    wins: contrasted.filter((query) => query.subject > query.other).slice(0, SHOWN_QUERIES),
    losses: contrasted
      .filter((query) => query.subject < query.other)
      .slice(-SHOWN_QUERIES)
      .reverse(),
  };
}
