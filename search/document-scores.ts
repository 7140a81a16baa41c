import { compareRanked } from './rank-order.ts';
import type { StoreHit } from './vector-store.ts';

/** How many times k documents are kept of a stream of any length, and how many at least, before the others are dropped. */
const KEPT_PARTS = 4;
const FEWEST_KEPT = 4096;

interface DocumentScore {
  chunk: number;
  passage: number;
  /** Its best scores, descending. */
  readonly scores: number[];
}

/** The best k documents of a stream of scored passages: each by its best one, or by the mean of its best ones, for which every document is kept in memory. */
export class DocumentScores {
  readonly #k: number;
  readonly #best: number;
  #documents = new Map<string, DocumentScore>();

  /** @param best how many of a document's best scores make its own */
  constructor(k: number, best = 1) {
    this.#k = k;
    this.#best = best;
  }

  push({ document, chunk, passage, score }: StoreHit): void {
    const known = this.#documents.get(document);
    if (known === undefined) {
      this.#documents.set(document, { chunk, passage, scores: [score] });
      if (this.#best === 1 && this.#documents.size > Math.max(KEPT_PARTS * this.#k, FEWEST_KEPT)) this.#dropWorse();
      return;
    }
    const { scores } = known;
    const [first] = scores as [number];
    if (score > first || (score === first && (chunk < known.chunk || (chunk === known.chunk && passage < known.passage))))
      Object.assign(known, { chunk, passage });
    let place = scores.length;
    while (place > 0 && scores[place - 1]! < score) place--;
    if (place === this.#best) return;
    scores.splice(place, 0, score);
    scores.length = Math.min(scores.length, this.#best);
  }

  /** Score descending, ties by document id descending as UTF-8 bytes; of a document's equal passages the one of the lower chunk, then of the lower number. */
  sorted(): StoreHit[] {
    return [...this.#documents]
      .map(([document, { chunk, passage, scores }]) => ({
        document,
        chunk,
        passage,
        score: scores.reduce((sum, score) => sum + score, 0) / scores.length,
      }))
      .sort(compareRanked)
      .slice(0, this.#k);
  }

  #dropWorse(): void {
    this.#documents = new Map(
      this.sorted().map(({ document }): [string, DocumentScore] => [document, this.#documents.get(document)!]),
    );
  }
}
