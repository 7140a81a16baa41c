import { type Bm25Parameters, inverseFrequency, saturations } from '../lexical/bm25-formula.ts';
import { MeanScores } from '../mean-scores.ts';
import { TopK } from '../top-k.ts';
import type { TermsInMemory } from './terms-in-memory.ts';

/** Units that share a term with a query, by their places in memory. */
export interface ScoredUnits {
  /** [places]: 0 of those that do not */
  readonly scores: Float64Array;
  /** In no order. */
  readonly touched: Uint32Array;
}

/** Bits of a byte of LEB128 that are of the number. */
const PAYLOAD = 0x7f;

/** Scores units by BM25 over what is in memory, without waiting for anything: all of it is of one version. */
export class UnitScorer {
  readonly #memory: TermsInMemory;
  readonly #parameters: Bm25Parameters;
  #saturations = new Float64Array(0);
  #version: number | undefined;

  constructor(memory: TermsInMemory, parameters: Bm25Parameters) {
    this.#memory = memory;
    this.#parameters = parameters;
  }

  /**
   * @param terms of the query, each as often as it occurs, all of them read
   * @returns undefined: no unit has any of them
   */
  score(terms: readonly string[]): ScoredUnits | undefined {
    const memory = this.#memory;
    if (memory.version !== this.#version) {
      this.#saturations = saturations(this.#parameters, memory.lengths, memory.meanLength);
      this.#version = memory.version;
    }
    const places = memory.alive.length;
    const scores = new Float64Array(places);
    const touched = new Uint32Array(places);
    let count = 0;
    for (const term of terms) {
      const postings = memory.postingsOf(term);
      if (postings.count === 0) continue;
      const weight = inverseFrequency(memory.units, postings.count);
      for (const list of postings.lists) count = this.#add(list, weight, { scores, touched }, count);
    }
    return count === 0 ? undefined : { scores, touched: touched.subarray(0, count) };
  }

  /** The inner loop: postings are decoded where they are added. Gives how many units were touched so far. */
  #add(list: Uint8Array, weight: number, { scores, touched }: ScoredUnits, before: number): number {
    const { alive, firstUnit } = this.#memory;
    const saturation = this.#saturations;
    const gain = this.#parameters.k1 + 1;
    let count = before;
    let position = 0;
    // Numbers are decoded here and not by a function that keeps the position: it would take several times as long.
    let byte = list[position++]!;
    let left = byte & PAYLOAD;
    for (let shift = 7; byte > PAYLOAD; shift += 7) {
      byte = list[position++]!;
      left |= (byte & PAYLOAD) << shift;
    }
    for (let place = -1 - firstUnit; left > 0; left--) {
      byte = list[position++]!;
      let step = byte & PAYLOAD;
      for (let shift = 7; byte > PAYLOAD; shift += 7) {
        byte = list[position++]!;
        step |= (byte & PAYLOAD) << shift;
      }
      place += (step >>> 1) + 1;
      let frequency = 1;
      if (step & 1) {
        byte = list[position++]!;
        frequency = byte & PAYLOAD;
        for (let shift = 7; byte > PAYLOAD; shift += 7) {
          byte = list[position++]!;
          frequency |= (byte & PAYLOAD) << shift;
        }
        frequency += 2;
      }
      if (alive[place] === 0) continue;
      const score = scores[place]!;
      if (score === 0) touched[count++] = place;
      scores[place] = score + (weight * frequency * gain) / (frequency + saturation[place]!);
    }
    return count;
  }
}

const NO_ORDER = (): number => 0;

/**
 * The units that may be the best ones of the best documents: all that score at least what the k-th best document does, so that documents of equal scores are all among them.
 *
 * @param passes [places], 1: the unit passes the filter; undefined: all do
 */
export function bestUnits(
  { scores, touched }: ScoredUnits,
  owners: Int32Array,
  k: number,
  passes?: Uint8Array,
): { readonly places: readonly number[]; readonly all: boolean } {
  const top = new TopK(k, { compareTies: NO_ORDER, repeats: true });
  for (let index = 0; index < touched.length; index++) {
    const place = touched[index]!;
    if (passes === undefined || passes[place] === 1) top.push(owners[place]!, scores[place]!);
  }
  const sorted = top.sorted();
  const bar = sorted.length < k ? 0 : sorted[k - 1]!.score;
  const places: number[] = [];
  for (let index = 0; index < touched.length; index++) {
    const place = touched[index]!;
    if (scores[place]! >= bar && (passes === undefined || passes[place] === 1)) places.push(place);
  }
  return { places, all: sorted.length < k };
}

/** A document by the mean of its best units, and its best ones among these: of equal scores. */
export interface MeanDocument {
  readonly mean: number;
  readonly places: readonly number[];
}

/**
 * The documents of the k best means, and those of equal ones. Units that share no term with the query count as 0.
 *
 * @param passes [places], 1: the unit has terms and passes the filter
 * @param best how many of a document's best scores make its own
 */
export function bestMeans(
  { scores, touched }: ScoredUnits,
  owners: Int32Array,
  { k, best, passes }: { readonly k: number; readonly best: number; readonly passes: Uint8Array },
): MeanDocument[] {
  const slots = new Int32Array(owners.length).fill(-1);
  let documents = 0;
  const found = touched.filter((place) => passes[place] === 1);
  for (const place of found) if (slots[owners[place]!] === -1) slots[owners[place]!] = documents++;
  const means = new MeanScores(documents, best);
  const highest = new Float64Array(documents);
  for (let place = 0; place < owners.length; place++) {
    if (passes[place] !== 1) continue;
    const slot = slots[owners[place]!]!;
    if (slot === -1) continue;
    means.push(slot, scores[place]!, place);
    highest[slot] = Math.max(highest[slot]!, scores[place]!);
  }
  const ranked = withTies(means, Math.min(k, documents), documents);
  const chosen = new Map(ranked.map(({ item, score }) => [item, { mean: score, places: [] as number[] }]));
  for (const place of found) {
    const slot = slots[owners[place]!]!;
    if (scores[place] === highest[slot]) chosen.get(slot)?.places.push(place);
  }
  return [...chosen.values()];
}

/** The best k, and all that are as good as the last of them. */
function withTies(means: MeanScores, k: number, documents: number): { readonly item: number; readonly score: number }[] {
  for (let wanted = Math.min(2 * k, documents); ; wanted = Math.min(2 * wanted, documents)) {
    const sorted = means.sorted(wanted, NO_ORDER);
    const bar = sorted[k - 1]?.score;
    if (bar === undefined || wanted === documents || sorted.at(-1)!.score < bar)
      return sorted.filter(({ score }) => bar === undefined || score >= bar);
  }
}
