import assert from 'node:assert/strict';
import type { OnProgress } from '../../base/index.ts';
import type { EncoderDescription, TextEmbedder, Vectors } from '../../encoders/index.ts';
import { vectorKey } from './vector-key.ts';
import type { VectorLog } from './vector-log.ts';

/**
 * A text embedder that embeds no query twice: teacher and student are asked the same ones. With a log, queries of an earlier process are known too.
 * Documents pass through.
 */
export class RememberingEmbedder implements TextEmbedder {
  readonly #embedder: TextEmbedder;
  readonly #log: VectorLog | undefined;
  readonly #queries = new Map<string, Float32Array>();

  constructor(embedder: TextEmbedder, log?: VectorLog) {
    this.#embedder = embedder;
    this.#log = log;
  }

  get description(): EncoderDescription {
    return this.#embedder.description;
  }

  embedDocuments(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    return this.#embedder.embedDocuments(texts, onProgress);
  }

  async embedQueries(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    const { dimension } = this.description;
    await this.#recall(texts);
    const missing = [...new Set(texts)].filter((text) => !this.#queries.has(text));
    if (missing.length > 0) {
      const start = performance.now();
      const vectors = await this.#embedder.embedQueries(missing, onProgress);
      assert.equal(vectors.rows, missing.length);
      const seconds = (performance.now() - start) / 1000 / missing.length;
      missing.forEach((text, row) => {
        this.#queries.set(text, vectors.data.slice(row * dimension, (row + 1) * dimension));
      });
      await this.#log?.append(
        missing.map((text) => [this.#keyOf(text), { rows: 1, dimension, data: this.#queries.get(text)!, seconds }] as const),
      );
    }
    const data = new Float32Array(texts.length * dimension); // [texts, dimension]
    texts.forEach((text, row) => {
      data.set(this.#queries.get(text)!, row * dimension);
    });
    return { rows: texts.length, dimension, data };
  }

  dispose(): Promise<void> {
    return this.#embedder.dispose();
  }

  /** Takes from the log what an earlier process embedded. */
  async #recall(texts: readonly string[]): Promise<void> {
    if (this.#log === undefined) return;
    for (const text of texts) {
      const key = this.#keyOf(text);
      if (!this.#queries.has(text) && this.#log.has(key)) this.#queries.set(text, (await this.#log.read(key)).data);
    }
  }

  #keyOf(text: string): string {
    return vectorKey('query', this.description, [text]);
  }
}
