import { bootstrapInterval, type Interval, randomizationTest, type SamplingOptions } from '../comparison/significance.ts';
import type { MeasureValues } from '../measures/measures.ts';

/** Two modes over the same queries; the difference is the mode's minus that of what it is held against. */
export interface ModeComparison {
  readonly mode: string;
  readonly against: string;
  readonly measure: string;
  readonly difference: number;
  /** 95% bootstrap interval. */
  readonly interval: Interval;
  /** Two-sided paired randomisation test. */
  readonly p: number;
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
}

const TIE = 1e-9;

/** @param perQuery values of both, by query, in one order */
export function compareModes(
  [mode, values]: readonly [string, readonly MeasureValues[]],
  [against, others]: readonly [string, readonly MeasureValues[]],
  measure: string,
  options: SamplingOptions = {},
): ModeComparison {
  const differences = values.map((own, query) => own[measure]! - others[query]![measure]!);
  return {
    mode,
    against,
    measure,
    difference: differences.reduce((sum, difference) => sum + difference, 0) / differences.length,
    interval: bootstrapInterval(differences, options),
    p: randomizationTest(differences, options).p,
    wins: differences.filter((difference) => difference > TIE).length,
    ties: differences.filter((difference) => Math.abs(difference) <= TIE).length,
    losses: differences.filter((difference) => difference < -TIE).length,
  };
}
