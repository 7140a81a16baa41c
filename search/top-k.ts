/** One kept item of a {@link TopK}. */
export interface TopItem {
  readonly item: number;
  readonly score: number;
  /** Which part of the item scored so. */
  readonly part: number;
}

export interface TopKOptions {
  /** Orders items of equal score: positive when the left one is better. */
  readonly compareTies: (left: number, right: number) => number;
  /** Whether an item may come more than once, part by part; its best part counts, of equal parts the lower number. */
  readonly repeats?: boolean;
}

/**
 * The best k of a stream of scored items, in O(log k) a kept item and O(k) memory: a binary heap with the worst kept item at its root.
 * Higher scores are better. Where items repeat, keeping one costs a look through the k kept ones.
 */
export class TopK {
  readonly #compareTies: (left: number, right: number) => number;
  readonly #repeats: boolean;
  readonly #items: Int32Array;
  readonly #scores: Float64Array;
  readonly #parts: Int32Array;
  #size = 0;
  #bar: number;

  /** @param capacity how many are kept; what there is at most bounds it, so that a huge k costs nothing */
  constructor(capacity: number, options: TopKOptions) {
    this.#compareTies = options.compareTies;
    this.#repeats = options.repeats ?? false;
    this.#items = new Int32Array(capacity).fill(-1);
    this.#scores = new Float64Array(capacity);
    this.#parts = new Int32Array(capacity);
    this.#bar = capacity > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  /** What scores below this cannot be kept: minus infinity until k are. */
  get bar(): number {
    return this.#bar;
  }

  /** @param item at least 0 */
  push(item: number, score: number, part = 0): void {
    if (score < this.#bar) return;
    const known = this.#repeats ? this.#items.indexOf(item) : -1;
    if (known >= 0) {
      const before = this.#scores[known]!;
      if (score > before || (score === before && part < this.#parts[known]!)) this.#siftDown(known, item, score, part);
    } else if (this.#size < this.#items.length) {
      this.#siftUp(this.#size++, item, score, part);
    } else if (this.#size > 0 && this.#isWorse(this.#items[0]!, this.#scores[0]!, item, score)) {
      this.#siftDown(0, item, score, part);
    }
    if (this.#size === this.#items.length && this.#size > 0) this.#bar = this.#scores[0]!;
  }

  /** What was kept, best first. */
  sorted(): TopItem[] {
    return Array.from({ length: this.#size }, (_, index) => ({
      item: this.#items[index]!,
      score: this.#scores[index]!,
      part: this.#parts[index]!,
    })).sort((left, right) => right.score - left.score || this.#compareTies(right.item, left.item));
  }

  #isWorse(item: number, score: number, otherItem: number, otherScore: number): boolean {
    return score < otherScore || (score === otherScore && this.#compareTies(item, otherItem) < 0);
  }

  #siftUp(start: number, item: number, score: number, part: number): void {
    let position = start;
    while (position > 0) {
      const parent = (position - 1) >> 1;
      if (!this.#isWorse(item, score, this.#items[parent]!, this.#scores[parent]!)) break;
      this.#move(parent, position);
      position = parent;
    }
    this.#place(position, item, score, part);
  }

  /** Puts an item in the place of one that was not better. */
  #siftDown(start: number, item: number, score: number, part: number): void {
    let position = start;
    for (;;) {
      const left = 2 * position + 1;
      if (left >= this.#size) break;
      const right = left + 1;
      const takesRight =
        right < this.#size && this.#isWorse(this.#items[right]!, this.#scores[right]!, this.#items[left]!, this.#scores[left]!);
      const child = takesRight ? right : left;
      if (!this.#isWorse(this.#items[child]!, this.#scores[child]!, item, score)) break;
      this.#move(child, position);
      position = child;
    }
    this.#place(position, item, score, part);
  }

  #move(from: number, to: number): void {
    this.#place(to, this.#items[from]!, this.#scores[from]!, this.#parts[from]!);
  }

  #place(position: number, item: number, score: number, part: number): void {
    this.#items[position] = item;
    this.#scores[position] = score;
    this.#parts[position] = part;
  }
}
