import { CemError, type OnProgress } from '../base/index.ts';
import type { CorpusVectors, Encoder, EncoderDescription, TextEmbedder, Vectors } from './encoder.ts';

/** Texts of passages that are embedded in one call: enough to fill batches of like length, few enough to hold. */
const TEXTS_PER_CALL = 4096;

export interface TextCorpusEncoderOptions {
  /**
   * The texts of a document's passages, in order: each has a vector of its own then, and the document as many. Without it a document's text has one vector. What it throws ends
   * the encoding.
   */
  readonly passagesOf?: (id: string) => Promise<readonly string[]>;
}

/** A text embedder with the texts of its documents bound: one vector a document, or one for each of its passages. */
export class TextCorpusEncoder implements Encoder {
  readonly #embedder: TextEmbedder;
  readonly #documents: ReadonlyMap<string, string>;
  readonly #passagesOf: TextCorpusEncoderOptions['passagesOf'];

  /** @param documents text by id */
  constructor(embedder: TextEmbedder, documents: ReadonlyMap<string, string>, options: TextCorpusEncoderOptions = {}) {
    this.#embedder = embedder;
    this.#documents = documents;
    this.#passagesOf = options.passagesOf;
  }

  get description(): EncoderDescription {
    return this.#embedder.description;
  }

  encodeQueries(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    return this.#embedder.embedQueries(texts, onProgress);
  }

  /** @throws CemError `ENCODER_UNKNOWN_ID` */
  async encodeCorpus(ids: readonly string[], onProgress?: OnProgress): Promise<CorpusVectors> {
    const texts = ids.map((id) => this.#textOf(id));
    if (this.#passagesOf !== undefined) return this.#encodePassages(ids, this.#passagesOf, onProgress);
    const vectors = await this.#embedder.embedDocuments(texts, onProgress);
    return { ...vectors, owners: Int32Array.from(ids.keys()) };
  }

  async #encodePassages(
    ids: readonly string[],
    passagesOf: (id: string) => Promise<readonly string[]>,
    onProgress: OnProgress | undefined,
  ): Promise<CorpusVectors> {
    const passages = await Promise.all(ids.map((id) => passagesOf(id)));
    const texts = passages.flat();
    const { dimension } = this.description;
    const data = new Float32Array(texts.length * dimension); // [passages, dimension]
    for (let from = 0; from < texts.length; from += TEXTS_PER_CALL) {
      const vectors = await this.#embedder.embedDocuments(texts.slice(from, from + TEXTS_PER_CALL), (done) =>
        onProgress?.(from + done, texts.length),
      );
      data.set(vectors.data, from * dimension);
    }
    const owners = Int32Array.from(passages.flatMap((own, owner) => own.map(() => owner)));
    return { rows: texts.length, dimension, data, owners };
  }

  #textOf(id: string): string {
    const text = this.#documents.get(id);
    if (text !== undefined) return text;
    throw new CemError(
      'ENCODER_UNKNOWN_ID',
      `no document has the id ${JSON.stringify(id)}; encode ids that the encoder was made with`,
      {
        details: { id },
      },
    );
  }
}
