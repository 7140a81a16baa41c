/** What ends with the block it is declared in, as `await using`: for things that are closed by a function of another name. */
export function closing(close: () => void | Promise<void>): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
}

/** Things that are closed together, the last opened first. Closing twice closes nothing twice. */
export class ClosingStack implements AsyncDisposable {
  readonly #parts: (() => void | Promise<void>)[] = [];

  /** Adds a part; what opened it comes back. */
  add<Part>(part: Part, close: (part: Part) => void | Promise<void>): Part {
    this.#parts.push(() => close(part));
    return part;
  }

  async close(): Promise<void> {
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) await part();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
