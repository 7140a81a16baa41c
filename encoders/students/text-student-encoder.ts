import { CemError, type OnProgress } from '../../base/index.ts';
import type { CorpusVectors, Encoder, EncoderDescription, QueryEmbedder, Vectors } from '../encoder.ts';

/** Documents whose texts are in memory as bytes at a time. */
const TEXTS_PER_BATCH = 1024;

/** What the encoder needs of a model with the input `text`. */
export interface TextStudent {
  readonly dimension: number;
  /** Vectors of texts in UTF-8, in their order. */
  encodeTexts(texts: readonly Uint8Array[]): Promise<Vectors>;
}

/**
 * A student that was trained on text, for experiments that ask what compression costs: the same model over the texts themselves, one vector a document, with the
 * teacher's text encoder for queries. Not for containers: a model with the input `text` refuses their chunks.
 */
export class TextStudentEncoder implements Encoder {
  readonly description: EncoderDescription;
  readonly #student: TextStudent;
  readonly #documents: ReadonlyMap<string, string>;
  readonly #queries: QueryEmbedder;

  /**
   * @param documents text by id
   * @param revision identity of the student's weights
   */
  constructor(student: TextStudent, documents: ReadonlyMap<string, string>, queries: QueryEmbedder, revision: string) {
    this.#student = student;
    this.#documents = documents;
    this.#queries = queries;
    this.description = { id: 'cem-text', revision, dimension: student.dimension, settings: { queries: queries.description } };
  }

  encodeQueries(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    return this.#queries.embedQueries(texts, onProgress);
  }

  /** @throws CemError `ENCODER_UNKNOWN_ID` */
  async encodeCorpus(ids: readonly string[], onProgress?: OnProgress): Promise<CorpusVectors> {
    const { dimension } = this.#student;
    const data = new Float32Array(ids.length * dimension);
    for (let from = 0; from < ids.length; from += TEXTS_PER_BATCH) {
      const texts = ids.slice(from, from + TEXTS_PER_BATCH).map((id) => this.#textOf(id));
      const vectors = await this.#student.encodeTexts(texts);
      data.set(vectors.data, from * dimension);
      onProgress?.(from + texts.length, ids.length);
    }
    return { rows: ids.length, dimension, data, owners: Int32Array.from(ids.keys()) };
  }

  #textOf(id: string): Uint8Array {
    const text = this.#documents.get(id);
    if (text !== undefined) return Buffer.from(text, 'utf8');
    throw new CemError(
      'ENCODER_UNKNOWN_ID',
      `no document has the id ${JSON.stringify(id)}; encode ids that the encoder was made with`,
      { details: { id } },
    );
  }
}
