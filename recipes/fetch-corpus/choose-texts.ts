import { RandomNumbers } from '../../base/index.ts';
import type { KeptOut } from './kept-out.ts';
import { SeenTexts } from './shingles.ts';
import type { CorpusLanguage } from './source.ts';

/** Texts of one source that may be taken, and how large its part is. */
export interface Offer {
  readonly source: string;
  readonly part: number;
  readonly texts: readonly string[];
}

/** Texts of one source that were taken. */
export interface Taken {
  readonly source: string;
  readonly texts: readonly string[];
  /** Texts that were looked at and left out, as (near) duplicates of others. */
  readonly duplicates: number;
  /** Texts that were looked at and left out since they have a run in common with a set that is kept out, by set. */
  readonly keptOut: Readonly<Record<string, number>>;
}

/** How many of so many texts each source gives by its part: one that has fewer gives all, and the others share what is left. */
export function shareOut(total: number, offers: readonly { readonly part: number; readonly available: number }[]): number[] {
  const given = offers.map(() => 0);
  let open = offers.map((_, index) => index).filter((index) => offers[index]!.part > 0);
  let left = total;
  while (open.length > 0) {
    const parts = open.reduce((sum, index) => sum + offers[index]!.part, 0);
    const scarce = open.filter((index) => offers[index]!.available <= (left * offers[index]!.part) / parts);
    if (scarce.length === 0) {
      for (const index of open) given[index] = Math.floor((left * offers[index]!.part) / parts);
      break;
    }
    for (const index of scarce) {
      given[index] = offers[index]!.available;
      left -= given[index]!;
    }
    open = open.filter((index) => !scarce.includes(index));
  }
  return given;
}

/** Draws texts from each source in random order until it has its part, without what is there already and what belongs to sets that are kept out. */
export function chooseTexts(
  offers: readonly Offer[],
  total: number,
  {
    language,
    keptOut,
    seed,
    onProgress,
  }: {
    readonly language: CorpusLanguage;
    readonly keptOut: KeptOut;
    readonly seed: number;
    readonly onProgress: (done: number, total: number) => void;
  },
): Taken[] {
  const seen = new SeenTexts(language.tag);
  const wanted = shareOut(
    total,
    offers.map(({ part, texts }) => ({ part, available: texts.length })),
  );
  let done = 0;
  return offers.map(({ source, texts }, index) => {
    const taken: string[] = [];
    const dropped = new Map<string, number>();
    let duplicates = 0;
    const order = permutation(texts.length, seed, source);
    for (let place = 0; place < texts.length && taken.length < wanted[index]!; place++) {
      const text = texts[order[place]!]!;
      const set = keptOut.setOf(text);
      if (set !== undefined) dropped.set(set, (dropped.get(set) ?? 0) + 1);
      else if (seen.take(text)) taken.push(text);
      else duplicates++;
    }
    done += taken.length;
    onProgress(done, total);
    return { source, texts: taken, duplicates, keptOut: Object.fromEntries(dropped) };
  });
}

/** [count] numbers below it in random order. */
export function permutation(count: number, seed: number, purpose: string): Int32Array {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  new RandomNumbers(seed, `corpus/${purpose}`).shuffle(order);
  return order;
}
