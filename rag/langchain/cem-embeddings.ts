import { Embeddings, type EmbeddingsParams } from '@langchain/core/embeddings';
import { CemError } from '../../base/index.ts';
import type { Vectors } from '../../encoders/index.ts';

/** What computes vectors: what `openEncoder` gives. */
export interface TextVectorizer {
  /** [texts.length, dimension], by the text encoder of queries. */
  encodeQueries(texts: readonly string[]): Promise<Vectors>;
  /** [texts.length, dimension], of documents' texts, which are compressed in memory first; without it documents are refused. */
  encodeTexts?(texts: readonly string[]): Promise<Vectors>;
}

export interface CemEmbeddingsInput extends EmbeddingsParams {
  /** Stays the caller's to close. */
  readonly encoder: TextVectorizer;
}

/**
 * A checkpoint as LangChain's embeddings: `new CemEmbeddings({ encoder: await openEncoder() })`.
 *
 * Queries are encoded as text, documents are compressed in memory, each as one frame, and encoded as that: the two sides of the checkpoint, whose vectors lie in one space. Vectors are L2-normalised.
 */
export class CemEmbeddings extends Embeddings {
  readonly #encoder: TextVectorizer;

  constructor({ encoder, ...params }: CemEmbeddingsInput) {
    super(params);
    this.#encoder = encoder;
  }

  override async embedQuery(text: string): Promise<number[]> {
    const [vector] = rowsOf(await this.#encoder.encodeQueries([text]));
    return vector!;
  }

  /** @throws CemError `LANGCHAIN_NO_DOCUMENTS` where the encoder encodes queries alone */
  override async embedDocuments(texts: string[]): Promise<number[][]> {
    const { encodeTexts } = this.#encoder;
    if (encodeTexts === undefined) {
      throw new CemError(
        'LANGCHAIN_NO_DOCUMENTS',
        'this encoder encodes queries alone: give one of openEncoder, which compresses texts and encodes them as documents',
      );
    }
    return texts.length === 0 ? [] : rowsOf(await encodeTexts.call(this.#encoder, texts));
  }
}

function rowsOf({ rows, dimension, data }: Vectors): number[][] {
  return Array.from({ length: rows }, (_, row) => [...data.subarray(row * dimension, (row + 1) * dimension)]);
}
