import { RandomNumbers } from '../../base/index.ts';

/** Documents are sampled in pieces of at most this many bytes, so that a long one does not speak for all. */
const PIECE_BYTES = 8192;
/** Shorter pieces teach a dictionary nothing. */
const SHORTEST_PIECE = 8;

interface Piece {
  readonly key: number;
  readonly order: number;
  readonly bytes: Uint8Array;
}

/**
 * A uniform sample of a corpus' text within a budget of bytes, in one pass and bounded memory: each piece draws a random key, and the smallest keys
 * stay. The same seed and corpus give the same sample.
 */
export class DictionarySample {
  readonly #budget: number;
  readonly #random: RandomNumbers;
  #pieces: Piece[] = [];
  #bytes = 0;
  #seen = 0;

  /** @param budget bytes to keep */
  constructor(budget: number, seed: number) {
    this.#budget = budget;
    this.#random = new RandomNumbers(seed, 'dictionary-sample');
  }

  add(text: Uint8Array): void {
    for (let start = 0; start < text.length; start += PIECE_BYTES) {
      const bytes = text.subarray(start, start + PIECE_BYTES);
      const key = this.#random.uniform();
      this.#seen += 1;
      if (bytes.length < SHORTEST_PIECE) continue;
      this.#pieces.push({ key, order: this.#seen, bytes: bytes.slice() });
      this.#bytes += bytes.length;
    }
    if (this.#bytes > 2 * this.#budget) this.#prune();
  }

  /** The pieces in the order of the corpus. */
  take(): Uint8Array[] {
    this.#prune();
    return this.#pieces.sort((a, b) => a.order - b.order).map((piece) => piece.bytes);
  }

  #prune(): void {
    if (this.#bytes <= this.#budget) return;
    this.#pieces.sort((a, b) => a.key - b.key || a.order - b.order);
    let kept = 0;
    let count = 0;
    while (count < this.#pieces.length && kept + this.#pieces[count]!.bytes.length <= this.#budget) {
      kept += this.#pieces[count]!.bytes.length;
      count += 1;
    }
    this.#pieces = this.#pieces.slice(0, count);
    this.#bytes = kept;
  }
}
