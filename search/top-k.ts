/** One kept item of a {@link TopK}. */
export interface TopItem {
  readonly item: number;
  readonly score: number;
}

/**
 * The best k of a stream of scored items, in O(log k) an item and O(k) memory: a binary heap with the worst kept item at its root.
 * Higher scores are better; of equal scores the item with the higher place in `tieOrder` is.
 */
export class TopK {
  readonly #tieOrder: Int32Array;
  readonly #items: Int32Array;
  readonly #scores: Float64Array;
  #size = 0;

  /** @param tieOrder place of every item among all items (see `idOrder`); also bounds what is kept */
  constructor(k: number, tieOrder: Int32Array) {
    const capacity = Math.min(k, tieOrder.length);
    this.#tieOrder = tieOrder;
    this.#items = new Int32Array(capacity);
    this.#scores = new Float64Array(capacity);
  }

  push(item: number, score: number): void {
    if (this.#size < this.#items.length) {
      this.#siftUp(this.#size++, item, score);
    } else if (this.#size > 0 && this.#isWorse(this.#items[0]!, this.#scores[0]!, item, score)) {
      this.#siftDown(item, score);
    }
  }

  /** What was kept, best first. */
  sorted(): TopItem[] {
    const kept = Array.from({ length: this.#size }, (_, index) => ({ item: this.#items[index]!, score: this.#scores[index]! }));
    return kept.sort((left, right) => right.score - left.score || this.#tieOrder[right.item]! - this.#tieOrder[left.item]!);
  }

  #isWorse(item: number, score: number, otherItem: number, otherScore: number): boolean {
    return score < otherScore || (score === otherScore && this.#tieOrder[item]! < this.#tieOrder[otherItem]!);
  }

  #siftUp(start: number, item: number, score: number): void {
    let position = start;
    while (position > 0) {
      const parent = (position - 1) >> 1;
      if (!this.#isWorse(item, score, this.#items[parent]!, this.#scores[parent]!)) break;
      this.#place(position, this.#items[parent]!, this.#scores[parent]!);
      position = parent;
    }
    this.#place(position, item, score);
  }

  /** Puts an item in the root's place. */
  #siftDown(item: number, score: number): void {
    let position = 0;
    for (;;) {
      const left = 2 * position + 1;
      if (left >= this.#size) break;
      const right = left + 1;
      const takesRight =
        right < this.#size && this.#isWorse(this.#items[right]!, this.#scores[right]!, this.#items[left]!, this.#scores[left]!);
      const child = takesRight ? right : left;
      if (!this.#isWorse(this.#items[child]!, this.#scores[child]!, item, score)) break;
      this.#place(position, this.#items[child]!, this.#scores[child]!);
      position = child;
    }
    this.#place(position, item, score);
  }

  #place(position: number, item: number, score: number): void {
    this.#items[position] = item;
    this.#scores[position] = score;
  }
}
