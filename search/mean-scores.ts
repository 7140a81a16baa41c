import { type TopItem, TopK } from './top-k.ts';

/**
 * The mean of each item's best scores, over a stream of items that come part by part; the part told of an item is its best one, of equal parts the lower number.
 * It has room for `best` scores of every item.
 */
export class MeanScores {
  /** Nothing is too low to count. */
  readonly bar = Number.NEGATIVE_INFINITY;
  readonly #best: number;
  /** [items, best]: each item's best scores so far, descending */
  readonly #scores: Float64Array;
  /** [items]: how many of them there are */
  readonly #counts: Uint8Array;
  /** [items]: part of the best one */
  readonly #parts: Float64Array;

  /**
   * @param items one more than the largest item
   * @param best at most 255
   */
  constructor(items: number, best: number) {
    this.#best = best;
    this.#scores = new Float64Array(items * best);
    this.#counts = new Uint8Array(items);
    this.#parts = new Float64Array(items);
  }

  /** @param score a number, not NaN */
  push(item: number, score: number, part: number): void {
    const [scores, first] = [this.#scores, item * this.#best];
    const count = this.#counts[item]!;
    if (count === 0 || score > scores[first]! || (score === scores[first]! && part < this.#parts[item]!))
      this.#parts[item] = part;
    let place = count;
    if (count < this.#best) this.#counts[item] = count + 1;
    else if (score > scores[first + count - 1]!) place = count - 1;
    else return;
    for (; place > 0 && scores[first + place - 1]! < score; place--) scores[first + place] = scores[first + place - 1]!;
    scores[first + place] = score;
  }

  /** The k items of the highest means, best first; ties as `compareTies` says. */
  sorted(k: number, compareTies: (left: number, right: number) => number): TopItem[] {
    const top = new TopK(k, { compareTies });
    this.#counts.forEach((count, item) => {
      if (count === 0) return;
      let sum = 0;
      for (let place = 0; place < count; place++) sum += this.#scores[item * this.#best + place]!;
      top.push(item, sum / count, this.#parts[item]);
    });
    return top.sorted();
  }
}
