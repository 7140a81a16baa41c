/** A change that waits for its turn. */
interface Waiting<Prepared, Result> {
  readonly signal: AbortSignal | undefined;
  /** What it touches; 'all' where that is not known before its turn. */
  readonly touches: ReadonlySet<string> | 'all';
  /** Undefined while it is being prepared. */
  prepared: Prepared | undefined;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

/** Changes that are taken together at most. */
const MOST_TOGETHER = 64;

export interface ChangeQueueParts<Prepared, Result> {
  /** Takes changes together, in their order: all of them count, or none. Gives the result of each. */
  readonly apply: (changes: readonly Prepared[]) => Promise<readonly Result[]>;
  /** Called after changes, before others are taken: what is to be put in order. Must not throw. */
  readonly afterwards: () => Promise<void>;
}

/**
 * Changes of one thing, one after the other: those that wait while one is being made are taken together then. They are prepared at the same time; one that is ready overtakes others that are not, unless they touch the
 * same. Where changes fail that were taken together, each is tried by itself, so that one's failure is not the others'.
 */
export class ChangeQueue<Prepared, Result> {
  readonly #parts: ChangeQueueParts<Prepared, Result>;
  #waiting: Waiting<Prepared, Result>[] = [];
  #working = false;
  #onIdle: (() => void)[] = [];

  constructor(parts: ChangeQueueParts<Prepared, Result>) {
    this.#parts = parts;
  }

  /** Resolves when the change counts. Rejects with the signal's reason where it is aborted before the change's turn. */
  add(
    prepare: () => Promise<Prepared>,
    { touches, signal }: Pick<Waiting<Prepared, Result>, 'touches' | 'signal'>,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const change: Waiting<Prepared, Result> = { touches, signal, prepared: undefined, resolve, reject };
      this.#waiting.push(change);
      prepare().then(
        (prepared) => {
          change.prepared = prepared;
          this.#start();
        },
        (error: unknown) => {
          this.#drop(change, error);
          this.#start();
        },
      );
    });
  }

  /** Whether nothing waits, is being prepared or is being made. */
  get isIdle(): boolean {
    return !this.#working && this.#waiting.length === 0;
  }

  /** When nothing waits and nothing is being made. */
  async idle(): Promise<void> {
    while (!this.isIdle) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #start(): void {
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let group = this.#take(); group.length > 0; group = this.#take()) {
      await this.#apply(group);
      await this.#parts.afterwards();
    }
    // Nothing can have become ready since the last look, for nothing was awaited.
    this.#working = false;
    if (this.isIdle) for (const tell of this.#onIdle.splice(0)) tell();
  }

  /** Those that are ready, and that no earlier one holds up. */
  #take(): Waiting<Prepared, Result>[] {
    const group: Waiting<Prepared, Result>[] = [];
    const held: (ReadonlySet<string> | 'all')[] = [];
    for (const change of [...this.#waiting]) {
      if (change.signal?.aborted) this.#drop(change, change.signal.reason);
      else if (
        change.prepared === undefined ||
        group.length === MOST_TOGETHER ||
        held.some((other) => meet(other, change.touches))
      )
        held.push(change.touches);
      else group.push(change);
    }
    const taken = new Set(group);
    this.#waiting = this.#waiting.filter((change) => !taken.has(change));
    return group;
  }

  async #apply(group: readonly Waiting<Prepared, Result>[]): Promise<void> {
    try {
      const results = await this.#parts.apply(group.map(({ prepared }) => prepared!));
      for (const [place, { resolve }] of group.entries()) resolve(results[place]!);
    } catch (error) {
      if (group.length === 1) group[0]!.reject(error);
      else for (const change of group) await this.#apply([change]);
    }
  }

  #drop(change: Waiting<Prepared, Result>, reason: unknown): void {
    this.#waiting = this.#waiting.filter((other) => other !== change);
    change.reject(reason);
  }
}

function meet(left: ReadonlySet<string> | 'all', right: ReadonlySet<string> | 'all'): boolean {
  if (left === 'all' || right === 'all') return true;
  for (const item of left) if (right.has(item)) return true;
  return false;
}
