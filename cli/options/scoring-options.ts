import { UsageError } from '../../base/index.ts';
import { MAXIMUM_SCORED_PASSAGES, type Scoring } from '../../search/index.ts';

/** Passages whose mean is taken unless another number is given. */
const DEFAULT_BEST = 3;

export interface ScoringOptions {
  readonly scoring: Scoring['kind'];
  readonly best: number | undefined;
}

export const scoringOptions = {
  scoring: {
    choices: ['max', 'mean'] as const,
    default: 'max' as const,
    describe: "a document's score: that of its best passage, or the mean of its best ones",
  },
  best: {
    type: 'number',
    describe: `with --scoring mean: of how many passages, 1 to ${MAXIMUM_SCORED_PASSAGES} (${DEFAULT_BEST}); a document that has fewer has the mean of all`,
  },
} as const;

/** @throws UsageError `SEARCH_SCORING` */
export function parseScoringOptions({ scoring, best }: ScoringOptions): Scoring {
  if (scoring === 'max') {
    if (best === undefined) return { kind: 'max' };
    throw new UsageError('SEARCH_SCORING', '--best is the number of passages of --scoring mean: give that too, or leave it out');
  }
  const passages = best ?? DEFAULT_BEST;
  if (Number.isInteger(passages) && passages >= 1 && passages <= MAXIMUM_SCORED_PASSAGES) return { kind: 'mean', best: passages };
  throw new UsageError('SEARCH_SCORING', `--best is a whole number of passages, 1 to ${MAXIMUM_SCORED_PASSAGES}, not ${best}`, {
    details: { best },
  });
}
