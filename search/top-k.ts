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

/** Places that there are at least, so that small ks are not sorted at every item. */
const FEWEST_PLACES = 32;
/** Places that there are at first. */
const FIRST_PLACES = 128;

/**
 * The best k of a stream of scored items in O(k) memory. Higher scores are better.
 *
 * Items that may belong to the best are put down until there are twice k; then the k-th score is selected and what lies below it is dropped: constant time an item, where a binary
 * heap takes log k and a comparison of ties on the way. What is below `bar` is never put down.
 */
export class TopK {
  readonly #compareTies: (left: number, right: number) => number;
  readonly #repeats: boolean;
  readonly #k: number;
  readonly #places: number;
  #items: Int32Array;
  #scores: Float64Array;
  #parts: Float64Array;
  #size = 0;
  #bar: number;

  /** @param k how many are kept */
  constructor(k: number, options: TopKOptions) {
    this.#compareTies = options.compareTies;
    this.#repeats = options.repeats ?? false;
    this.#k = k;
    this.#places = Math.max(2 * k, FEWEST_PLACES);
    const places = Math.min(this.#places, FIRST_PLACES);
    this.#items = new Int32Array(places);
    this.#scores = new Float64Array(places);
    this.#parts = new Float64Array(places);
    this.#bar = k > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  /** What scores below this cannot be among the best any more; the k-th score so far or less. */
  get bar(): number {
    return this.#bar;
  }

  /** @param score a number, not NaN */
  push(item: number, score: number, part = 0): void {
    if (score < this.#bar || this.#k === 0) return;
    if (this.#size === this.#items.length) this.#makeRoom();
    this.#place(this.#size++, item, score, part);
  }

  /** What was kept, best first. */
  sorted(): TopItem[] {
    this.#dropWorse();
    return Array.from({ length: this.#size }, (_, index) => ({
      item: this.#items[index]!,
      score: this.#scores[index]!,
      part: this.#parts[index]!,
    })).sort((left, right) => right.score - left.score || this.#compareTies(right.item, left.item));
  }

  #makeRoom(): void {
    const places = this.#items.length;
    if (places < this.#places) this.#grow(Math.min(2 * places, this.#places));
    else this.#dropWorse();
  }

  #grow(places: number): void {
    const [items, scores, parts] = [this.#items, this.#scores, this.#parts];
    this.#items = new Int32Array(places);
    this.#scores = new Float64Array(places);
    this.#parts = new Float64Array(places);
    this.#items.set(items);
    this.#scores.set(scores);
    this.#parts.set(parts);
  }

  /** Leaves the k best, each item once, and sets the bar. */
  #dropWorse(): void {
    if (this.#repeats) this.#dropRepeats();
    if (this.#size < this.#k || this.#k === 0) return;
    const bar = select(this.#scores, this.#size, this.#size - this.#k);
    this.#bar = bar;
    if (this.#size === this.#k) return;
    const ties = this.#tiesToKeep(bar);
    let kept = 0;
    for (let index = 0; index < this.#size; index++) {
      const score = this.#scores[index]!;
      if (score > bar || (score === bar && (ties === undefined || ties.has(this.#items[index]!)))) this.#move(index, kept++);
    }
    this.#size = kept;
  }

  /** The best of the items that score just the bar, as many as there is room for; undefined: all of them. */
  #tiesToKeep(bar: number): Set<number> | undefined {
    let above = 0;
    const ties: number[] = [];
    for (let index = 0; index < this.#size; index++) {
      const score = this.#scores[index]!;
      if (score > bar) above++;
      else if (score === bar) ties.push(this.#items[index]!);
    }
    const room = this.#k - above;
    if (ties.length <= room) return undefined;
    return new Set(ties.sort((left, right) => this.#compareTies(right, left)).slice(0, room));
  }

  #dropRepeats(): void {
    const places = new Map<number, number>();
    let kept = 0;
    for (let index = 0; index < this.#size; index++) {
      const item = this.#items[index]!;
      const known = places.get(item);
      if (known === undefined) {
        places.set(item, kept);
        this.#move(index, kept++);
      } else {
        const [score, before] = [this.#scores[index]!, this.#scores[known]!];
        if (score > before || (score === before && this.#parts[index]! < this.#parts[known]!)) this.#move(index, known);
      }
    }
    this.#size = kept;
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

let scratch = new Float64Array(0);

/** The number that stands at `place` when the first `size` scores ascend (Hoare's quickselect, the median of three as pivot). */
function select(scores: Float64Array, size: number, place: number): number {
  if (scratch.length < size) scratch = new Float64Array(size);
  const values = scratch;
  for (let index = 0; index < size; index++) values[index] = scores[index]!;
  let first = 0;
  let last = size - 1;
  while (first < last) {
    const pivot = medianOfThree(values[first]!, values[(first + last) >> 1]!, values[last]!);
    let left = first;
    let right = last;
    while (left <= right) {
      while (values[left]! < pivot) left++;
      while (values[right]! > pivot) right--;
      if (left > right) break;
      const kept = values[left]!;
      values[left++] = values[right]!;
      values[right--] = kept;
    }
    if (place <= right) last = right;
    else if (place >= left) first = left;
    else break;
  }
  return values[place]!;
}

function medianOfThree(a: number, b: number, c: number): number {
  return a < b ? (b < c ? b : Math.max(a, c)) : a < c ? a : Math.max(b, c);
}
