import type { MeasuredSet } from './measure-adaptation.ts';

/** What retention may fall by on the corpus: the noise of some hundred questions. */
const CORPUS_TOLERANCE = 0.005;
/** The same on broad text: something is forgotten whenever something is learnt. */
const BROAD_TOLERANCE = 0.03;

/** Why an adapted checkpoint should not take the place of the one before; empty where nothing speaks against it. */
export function reasonsAgainst({
  corpus,
  broad,
}: {
  readonly corpus?: MeasuredSet | undefined;
  readonly broad?: MeasuredSet | undefined;
}): string[] {
  return [
    ...(fellBy(corpus) > CORPUS_TOLERANCE ? [`of the corpus it keeps less (${shown(corpus!)})`] : []),
    ...(fellBy(broad) > BROAD_TOLERANCE ? [`of broad text it forgot too much (${shown(broad!)})`] : []),
  ];
}

function fellBy(set: MeasuredSet | undefined): number {
  return set === undefined ? 0 : set.before.retention - set.after.retention;
}

function shown({ before, after }: MeasuredSet): string {
  return `${(100 * before.retention).toFixed(1)}% before, ${(100 * after.retention).toFixed(1)}% after`;
}
