import { RandomNumbers } from '../../base/index.ts';
import type { SweepConfig } from './config.ts';

/** What a trial sets, by the path of the key. */
export type TrialSettings = Readonly<Record<string, unknown>>;

type Range = Exclude<NonNullable<SweepConfig['random']>[string], readonly unknown[]>;

/** The trials of a sweep in their order: what each of them sets. */
export function planTrials(sweep: SweepConfig): TrialSettings[] {
  const { grid, random, trials, seed } = sweep;
  if (grid !== undefined) return combinations(Object.entries(grid)).slice(0, trials);
  return Array.from({ length: trials ?? 0 }, (_, trial) =>
    Object.fromEntries(
      Object.entries(random ?? {}).map(([path, choice]) => {
        // A stream for each number: neither further trials nor further keys change it.
        const numbers = new RandomNumbers(seed, `sweep/${trial}/${path}`);
        return [path, Array.isArray(choice) ? choice[numbers.integer(choice.length)] : draw(choice as Range, numbers)];
      }),
    ),
  );
}

/** Every combination; the last key varies fastest. */
function combinations(grid: readonly (readonly [path: string, values: readonly unknown[]])[]): TrialSettings[] {
  let made: TrialSettings[] = [{}];
  for (const [path, values] of grid) made = made.flatMap((settings) => values.map((value) => ({ ...settings, [path]: value })));
  return made;
}

function draw({ minimum, maximum, log, integer }: Range, numbers: RandomNumbers): number {
  const share = numbers.uniform();
  // Whole numbers are those of the half-open range that ends one further, so that both ends are drawn as often as others.
  const end = integer ? Math.floor(maximum) + 1 : maximum;
  const start = integer ? Math.ceil(minimum) : minimum;
  const value = log ? start * (end / start) ** share : start + share * (end - start);
  return integer ? Math.floor(value) : value;
}
