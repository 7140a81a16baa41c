import type { OnProgress } from '../../base/index.ts';
import type { EncoderDescription, QueryEmbedder, Vectors } from '../encoder.ts';

/** What the query student needs of a trained model with the input `text`. */
export interface QueryStudentModel {
  readonly dimension: number;
  /** Vectors of texts in UTF-8, in their order. */
  encodeTexts(texts: readonly Uint8Array[], onProgress?: OnProgress): Promise<Vectors>;
  dispose(): void;
}

/**
 * A text encoder of the student's family that was trained to the teacher's query vectors: with it searching needs no teacher. Queries stay text; it reads
 * nothing else.
 */
export class QueryStudent implements QueryEmbedder {
  readonly description: EncoderDescription;
  readonly #model: QueryStudentModel;

  /**
   * @param model is disposed of with this
   * @param revision identity of its weights
   * @param teacher whose queries it was trained to
   */
  constructor(model: QueryStudentModel, revision: string, teacher: { readonly id: string; readonly revision: string }) {
    this.#model = model;
    const { id, revision: teacherRevision } = teacher;
    this.description = {
      id: 'cem-query',
      revision,
      dimension: model.dimension,
      settings: { teacher: { id, revision: teacherRevision } },
    };
  }

  embedQueries(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors> {
    return this.#model.encodeTexts(
      texts.map((text) => Buffer.from(text, 'utf8')),
      onProgress,
    );
  }

  async dispose(): Promise<void> {
    this.#model.dispose();
  }
}
