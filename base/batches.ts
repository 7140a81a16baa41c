/** What a batch may hold: it ends with the item that fills one of the two. */
interface BatchBounds<Item> {
  readonly items: number;
  readonly weight?: number;
  /** What an item counts of `weight`, e.g. its characters. */
  readonly weigh?: (item: Item) => number;
}

/** Gathers items until a batch is full. */
class Batch<Item> {
  readonly #bounds: BatchBounds<Item>;
  #items: Item[] = [];
  #weight = 0;

  constructor(bounds: number | BatchBounds<Item>) {
    this.#bounds = typeof bounds === 'number' ? { items: bounds } : bounds;
  }

  /** @returns whether it is full now */
  add(item: Item): boolean {
    const { items, weight = Number.POSITIVE_INFINITY, weigh } = this.#bounds;
    this.#items.push(item);
    this.#weight += weigh?.(item) ?? 0;
    return this.#items.length >= items || this.#weight >= weight;
  }

  /** What was gathered; it is empty again then. */
  take(): Item[] {
    const items = this.#items;
    this.#items = [];
    this.#weight = 0;
    return items;
  }
}

/** Cuts items into batches in their order; the last one may be smaller, and none is empty. */
export function* batches<Item>(items: Iterable<Item>, bounds: number | BatchBounds<Item>): Generator<Item[]> {
  const batch = new Batch(bounds);
  for (const item of items) if (batch.add(item)) yield batch.take();
  const rest = batch.take();
  if (rest.length > 0) yield rest;
}

/** As `batches`, of items that come when they come. */
export async function* asyncBatches<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  bounds: number | BatchBounds<Item>,
): AsyncGenerator<Item[]> {
  const batch = new Batch(bounds);
  for await (const item of items) if (batch.add(item)) yield batch.take();
  const rest = batch.take();
  if (rest.length > 0) yield rest;
}
