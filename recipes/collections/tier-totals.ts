import type { TierCounts } from '../../search/index.ts';

/** A store, as far as it is counted here. */
interface TieredStore {
  readonly tiers: TierCounts | undefined;
}

/** What the tiers of several stores did together. What was counted of one that was closed since stays counted; its hot passages do not. */
export class TierTotals {
  readonly #open = new Set<TieredStore>();
  #closed: TierCounts | undefined;

  opened(store: TieredStore): void {
    this.#open.add(store);
  }

  closed(store: TieredStore): void {
    if (!this.#open.delete(store) || store.tiers === undefined) return;
    this.#closed = sum(this.#closed, { ...store.tiers, rows: 0, room: 0 });
  }

  /** Undefined where none has tiers. */
  get counts(): TierCounts | undefined {
    return [...this.#open].reduce<TierCounts | undefined>((total, { tiers }) => sum(total, tiers), this.#closed);
  }
}

function sum(left: TierCounts | undefined, right: TierCounts | undefined): TierCounts | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return {
    rows: left.rows + right.rows,
    room: left.room + right.room,
    promoted: left.promoted + right.promoted,
    demoted: left.demoted + right.demoted,
    hotResults: left.hotResults + right.hotResults,
    coldResults: left.coldResults + right.coldResults,
  };
}
