import type { OnProgress } from '../../base/index.ts';
import type { EncoderDescription, QueryEmbedder, Vectors } from '../../encoders/index.ts';

/** Queries that are remembered: 8 MB of vectors of 1,024 values. */
const REMEMBERED = 2_000;

/** Encodes a query once and remembers its vector, of so many queries; the one that was asked longest ago goes first. */
export class RememberingEmbedder implements QueryEmbedder {
  readonly #embedder: QueryEmbedder;
  readonly #remembered: number;
  readonly #vectors = new Map<string, Float32Array>();
  #hits = 0;
  #misses = 0;

  /** @param embedder is disposed of with this */
  constructor(embedder: QueryEmbedder, remembered = REMEMBERED) {
    this.#embedder = embedder;
    this.#remembered = remembered;
  }

  get description(): EncoderDescription {
    return this.#embedder.description;
  }

  /** Queries whose vectors were at hand, and those that were encoded. */
  get asked(): { readonly hits: number; readonly misses: number } {
    return { hits: this.#hits, misses: this.#misses };
  }

  async embedQueries(texts: readonly string[], onProgress?: OnProgress, signal?: AbortSignal): Promise<Vectors> {
    const known = texts.map((text) => this.#vectors.get(text));
    const missing = [...new Set(texts.filter((_, place) => known[place] === undefined))];
    this.#hits += known.filter((vector) => vector !== undefined).length;
    this.#misses += missing.length;
    const fresh = new Map<string, Float32Array>();
    if (missing.length > 0) {
      const { data, dimension } = await this.#embedder.embedQueries(missing, onProgress, signal);
      missing.forEach((text, row) => {
        fresh.set(text, data.slice(row * dimension, (row + 1) * dimension));
      });
    }
    const vectors = texts.map((text, place) => known[place] ?? fresh.get(text)!);
    texts.forEach((text, place) => {
      this.#remember(text, vectors[place]!);
    });
    const dimension = vectors[0]?.length ?? this.description.dimension;
    const data = new Float32Array(vectors.length * dimension);
    vectors.forEach((vector, row) => {
      data.set(vector, row * dimension);
    });
    return { rows: vectors.length, dimension, data };
  }

  async dispose(): Promise<void> {
    this.#vectors.clear();
    await this.#embedder.dispose();
  }

  #remember(text: string, vector: Float32Array): void {
    this.#vectors.delete(text);
    this.#vectors.set(text, vector);
    if (this.#vectors.size > this.#remembered) this.#vectors.delete(this.#vectors.keys().next().value!);
  }
}
