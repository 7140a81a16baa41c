import { RandomNumbers } from '../../base/index.ts';

/** A batch may be looked at together with those before it, which may be of the epoch before. */
const KEPT_EPOCHS = 2;

/**
 * Which items each batch of a run holds: every epoch is a seeded permutation of all items, or of a new share of them. Within a window of some batches the items are sorted by size before they are cut into batches (little is
 * padded then), and the window's batches are shuffled. A batch is a pure function of its number, so that a run resumes exactly.
 *
 * The last items of an epoch that do not fill a batch are left out of that epoch.
 */
export class BatchOrder {
  readonly #sizes: ArrayLike<number>;
  readonly #batchSize: number;
  readonly #windowBatches: number;
  readonly #seed: number;
  readonly #name: string;
  /** Items by the share of them that an epoch takes. */
  readonly #groups: readonly { readonly items: Int32Array; readonly taken: number }[];
  readonly #taken: number;
  readonly batchesPerEpoch: number;
  /** By epoch. */
  readonly #orders = new Map<number, Int32Array>();

  /**
   * @param sizes [items] anything that grows with what an item costs
   * @param batchSize at most the number of items
   * @param shares [items] an epoch takes so many of the items with an equal share, 0 to 1; by default all
   */
  constructor(
    sizes: ArrayLike<number>,
    options: { batchSize: number; windowBatches: number; seed: number; name: string; shares?: ArrayLike<number> | undefined },
  ) {
    this.#sizes = sizes;
    this.#groups = groupByShare(sizes.length, options.shares);
    this.#taken = this.#groups.reduce((sum, { taken }) => sum + taken, 0);
    this.#batchSize = Math.min(options.batchSize, this.#taken);
    this.#windowBatches = options.windowBatches;
    this.#seed = options.seed;
    this.#name = options.name;
    this.batchesPerEpoch = Math.max(1, Math.floor(this.#taken / this.#batchSize));
  }

  /** [batch size] items of this batch, counted from 0 through all epochs. */
  batch(number: number): Int32Array {
    const epoch = Math.floor(number / this.batchesPerEpoch);
    const first = (number % this.batchesPerEpoch) * this.#batchSize;
    return this.#orderOf(epoch).subarray(first, first + this.#batchSize);
  }

  #orderOf(epoch: number): Int32Array {
    const known = this.#orders.get(epoch);
    if (known) return known;
    const order = this.#permutation(epoch);
    const [oldest] = this.#orders.keys();
    if (this.#orders.size === KEPT_EPOCHS) this.#orders.delete(oldest!);
    this.#orders.set(epoch, order);
    return order;
  }

  #permutation(epoch: number): Int32Array {
    const random = new RandomNumbers(this.#seed, `order/${this.#name}/${epoch}`);
    const order = this.#drawn(random);
    random.shuffle(order);
    const windowItems = this.#batchSize * this.#windowBatches;
    const whole = this.batchesPerEpoch * this.#batchSize;
    for (let from = 0; from < whole; from += windowItems) {
      const to = Math.min(whole, from + windowItems);
      const window = order.slice(from, to).sort((a, b) => this.#sizes[a]! - this.#sizes[b]! || a - b);
      const batches = Int32Array.from({ length: (to - from) / this.#batchSize }, (_, index) => index);
      random.shuffle(batches);
      batches.forEach((batch, place) => {
        order.set(window.subarray(batch * this.#batchSize, (batch + 1) * this.#batchSize), from + place * this.#batchSize);
      });
    }
    return order;
  }

  /** The epoch's items, group after group. */
  #drawn(random: RandomNumbers): Int32Array {
    const drawn = new Int32Array(this.#taken);
    let place = 0;
    for (const { items, taken } of this.#groups) {
      // A copy: what an epoch holds must not depend on those that were asked for before.
      const pool = items.slice();
      if (taken < items.length) random.shuffle(pool);
      drawn.set(pool.subarray(0, taken), place);
      place += taken;
    }
    return drawn;
  }
}

/** Groups come in the order of their first items; of each at least one item is taken. */
function groupByShare(count: number, shares: ArrayLike<number> | undefined): { items: Int32Array; taken: number }[] {
  const groups = new Map<number, number[]>();
  for (let item = 0; item < count; item++) {
    const share = shares?.[item] ?? 1;
    const group = groups.get(share);
    if (group) group.push(item);
    else groups.set(share, [item]);
  }
  return [...groups].map(([share, items]) => ({
    items: Int32Array.from(items),
    taken: Math.max(1, Math.round(share * items.length)),
  }));
}
