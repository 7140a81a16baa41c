import { CemError, type OnProgress } from '../base/index.ts';
import type { CorpusVectors, Encoder, EncoderDescription, TextEmbedder, Vectors } from './encoder.ts';

/** A text embedder with the texts of its documents bound: one vector a document. */
export class TextCorpusEncoder implements Encoder {
  readonly #embedder: TextEmbedder;
  readonly #documents: ReadonlyMap<string, string>;

  /** @param documents text by id */
  constructor(embedder: TextEmbedder, documents: ReadonlyMap<string, string>) {
    this.#embedder = embedder;
    this.#documents = documents;
  }

  get description(): EncoderDescription {
    return this.#embedder.description;
  }

  encodeQueries(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    return this.#embedder.embedQueries(texts, onProgress);
  }

  async encodeCorpus(ids: readonly string[], onProgress?: OnProgress): Promise<CorpusVectors> {
    const texts = ids.map((id) => {
      const text = this.#documents.get(id);
      if (text !== undefined) return text;
      throw new CemError(
        'ENCODER_UNKNOWN_ID',
        `no document has the id ${JSON.stringify(id)}; encode ids that the encoder was made with`,
        {
          details: { id },
        },
      );
    });
    const vectors = await this.#embedder.embedDocuments(texts, onProgress);
    return { ...vectors, owners: Int32Array.from(ids.keys()) };
  }
}
