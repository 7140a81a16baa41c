/**
 * Within one process: many share it, or one has it alone. Who waits to have it alone comes before those who ask for a share after it; those who waited for a share
 * come next when it is given back, so that nobody waits for ever.
 */
export class ReadWriteLock {
  #sharing = 0;
  #alone = false;
  readonly #waitingAlone: (() => void)[] = [];
  readonly #waitingToShare: (() => void)[] = [];

  /** @returns gives the share back; more calls than one do nothing */
  async share(): Promise<() => void> {
    if (this.#alone || this.#waitingAlone.length > 0) await new Promise<void>((resolve) => this.#waitingToShare.push(resolve));
    else this.#sharing++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#sharing--;
      if (this.#sharing === 0) this.#admitOne();
    };
  }

  /** Runs the body when nobody else has it. */
  async alone<Result>(body: () => Promise<Result>): Promise<Result> {
    if (this.#alone || this.#sharing > 0) await new Promise<void>((resolve) => this.#waitingAlone.push(resolve));
    else this.#alone = true;
    try {
      return await body();
    } finally {
      this.#alone = false;
      if (this.#waitingToShare.length > 0) this.#admitAll();
      else this.#admitOne();
    }
  }

  #admitAll(): void {
    for (const admit of this.#waitingToShare.splice(0)) {
      this.#sharing++;
      admit();
    }
  }

  #admitOne(): void {
    const admit = this.#waitingAlone.shift();
    if (admit === undefined) return;
    this.#alone = true;
    admit();
  }
}
