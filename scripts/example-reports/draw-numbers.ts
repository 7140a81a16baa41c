import { RandomNumbers } from '../../base/index.ts';

/** What a company reports of one year; lists have a value a quarter, [4]. */
export interface YearNumbers {
  readonly year: number;
  readonly revenue: readonly number[];
  readonly cost: readonly number[];
  readonly research: readonly number[];
  readonly profit: readonly number[];
  /** By region, home, Europe and other: they add up to the revenue. */
  readonly regions: readonly (readonly number[])[];
  readonly orders: readonly number[];
  readonly shipped: readonly number[];
  readonly employees: number;
  readonly assets: number;
  readonly debt: number;
}

const QUARTERS = [0, 1, 2, 3];

/** Draws the numbers of a company for some years in a row; the same seed gives the same. */
export function drawNumbers(seed: number, years: readonly number[]): YearNumbers[] {
  const random = new RandomNumbers(seed, 'reports');
  const about = (value: number, spread: number): number => Math.round(value * (1 + spread * (2 * random.uniform() - 1)));
  let level = about(900, 0.3);
  return years.map((year) => {
    level = about(level * 1.06, 0.08);
    const revenue = QUARTERS.map((quarter) => about(level * (1 + 0.04 * quarter), 0.07));
    const cost = revenue.map((value) => about(value * 0.58, 0.06));
    const research = revenue.map((value) => about(value * 0.11, 0.15));
    const home = revenue.map((value) => about(value * 0.55, 0.1));
    const europe = revenue.map((value) => about(value * 0.27, 0.12));
    return {
      year,
      revenue,
      cost,
      research,
      profit: revenue.map((value, quarter) => value - cost[quarter]! - research[quarter]! - about(value * 0.22, 0.4)),
      regions: [home, europe, revenue.map((value, quarter) => value - home[quarter]! - europe[quarter]!)],
      orders: revenue.map((value) => about(value * 1.1, 0.2)),
      shipped: revenue.map((value) => about(value * 3.7, 0.2)),
      employees: about(4200, 0.2),
      assets: about(level * 6, 0.1),
      debt: about(level * 1.7, 0.2),
    };
  });
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
