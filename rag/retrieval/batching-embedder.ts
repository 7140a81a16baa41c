import { setImmediate } from 'node:timers/promises';
import type { OnProgress } from '../../base/index.ts';
import type { EncoderDescription, QueryEmbedder, Vectors } from '../../encoders/index.ts';

/** Queries of one call; what encoders batch by themselves is of this order. */
const MAXIMUM_BATCH = 64;

interface Asked {
  readonly texts: readonly string[];
  readonly signal: AbortSignal | undefined;
  resolve(vectors: Vectors): void;
  reject(reason: unknown): void;
}

/**
 * Encodes queries together that are asked for at the same time: what is asked while the encoder is at work waits, and goes through it in one call then. One
 * call's failure is its askers' alone. Whoever has gone by their turn (their signal is aborted) is left out.
 */
export class BatchingEmbedder implements QueryEmbedder {
  readonly #embedder: QueryEmbedder;
  readonly #maximumBatch: number;
  readonly #waiting: Asked[] = [];
  #working = false;
  #queries = 0;
  #calls = 0;

  /** @param maximumBatch texts of one call at most; what one asker gives stays together all the same */
  constructor(embedder: QueryEmbedder, maximumBatch = MAXIMUM_BATCH) {
    this.#embedder = embedder;
    this.#maximumBatch = maximumBatch;
  }

  get description(): EncoderDescription {
    return this.#embedder.description;
  }

  /** How many texts went through the encoder so far, in how many calls. */
  get encoded(): { readonly queries: number; readonly calls: number } {
    return { queries: this.#queries, calls: this.#calls };
  }

  embedQueries(texts: readonly string[], _onProgress?: OnProgress, signal?: AbortSignal): Promise<Vectors> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ texts, signal, resolve, reject });
      if (!this.#working) void this.#work();
    });
  }

  async dispose(): Promise<void> {
    await this.#embedder.dispose();
  }

  async #work(): Promise<void> {
    this.#working = true;
    try {
      while (this.#waiting.length > 0) {
        // An encoder that computes on this thread lets nothing arrive meanwhile: what has come is let in now.
        await setImmediate();
        await this.#encode(this.#nextBatch());
      }
    } finally {
      this.#working = false;
    }
  }

  #nextBatch(): Asked[] {
    const batch: Asked[] = [];
    let texts = 0;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (next.signal?.aborted) next.reject(next.signal.reason);
      else if (batch.length > 0 && texts + next.texts.length > this.#maximumBatch) break;
      else texts += batch.push(next) && next.texts.length;
      this.#waiting.shift();
    }
    return batch;
  }

  async #encode(batch: readonly Asked[]): Promise<void> {
    if (batch.length === 0) return;
    const texts = batch.flatMap((asked) => asked.texts);
    this.#calls++;
    this.#queries += texts.length;
    let vectors: Vectors;
    try {
      vectors = await this.#embedder.embedQueries(texts);
    } catch (error) {
      if (batch.length === 1) batch[0]!.reject(error);
      else for (const asked of batch) await this.#encode([asked]);
      return;
    }
    const { data, dimension } = vectors;
    let row = 0;
    for (const asked of batch) {
      const rows = asked.texts.length;
      asked.resolve({ rows, dimension, data: data.slice(row * dimension, (row + rows) * dimension) });
      row += rows;
    }
  }
}
