import assert from 'node:assert/strict';
import { CemError } from '../../base/index.ts';
import type { Encoder, OnProgress, Vectors } from '../../encoders/index.ts';
import { assertResultCount, idOrder } from '../rank-order.ts';
import type { Hit, Retriever } from '../retriever.ts';
import { ExactIndex, type ExactIndexOptions } from './exact-index.ts';

/** Documents encoded in one call: their vectors are all that is held twice while an index is made. */
const ENCODE_DOCUMENTS = 8192;

export interface ExactRetrieverOptions extends ExactIndexOptions {
  /** Name in tables; the encoder's id unless given. */
  readonly name?: string;
  /** Progress of encoding the documents, in documents. */
  readonly onProgress?: OnProgress;
}

/**
 * Exhaustive search by inner product (cosine, vectors being unit) over every document of an encoder. A document's score is that of
 * its best row. Its memory is that of an `ExactIndex`.
 */
export class ExactRetriever implements Retriever {
  readonly name: string;
  readonly #encoder: Encoder;
  readonly #ids: readonly string[];
  readonly #tieOrder: Int32Array;
  readonly #index: ExactIndex;

  private constructor(
    encoder: Encoder,
    documents: { ids: readonly string[]; tieOrder: Int32Array; index: ExactIndex },
    name: string | undefined,
  ) {
    this.name = name ?? encoder.description.id;
    this.#encoder = encoder;
    this.#ids = documents.ids;
    this.#tieOrder = documents.tieOrder;
    this.#index = documents.index;
  }

  /**
   * Encodes the documents with these ids, once.
   *
   * @throws CemError `SEARCH_DUPLICATE_ID`, `SEARCH_NOT_FINITE` (a vector with NaN or infinity), and what the encoder throws
   */
  static async create(encoder: Encoder, ids: readonly string[], options: ExactRetrieverOptions = {}): Promise<ExactRetriever> {
    const { id, dimension } = encoder.description;
    const tieOrder = idOrder(ids);
    const index = new ExactIndex(dimension, options);
    for (let first = 0; first < ids.length; first += ENCODE_DOCUMENTS) {
      const batch = ids.slice(first, first + ENCODE_DOCUMENTS);
      const corpus = await encoder.encodeCorpus(batch, (done, total) =>
        options.onProgress?.(first + Math.floor((batch.length * done) / Math.max(total, 1)), ids.length),
      );
      assert.equal(corpus.owners.length, corpus.rows);
      assertFinite(corpus, `a document of encoder ${id}`);
      index.add(
        corpus,
        corpus.owners.map((owner) => first + owner),
      );
    }
    return new ExactRetriever(encoder, { ids, tieOrder, index }, options.name);
  }

  /** The same documents, asked by another encoder of queries: nothing of them is encoded or held again. */
  askedBy(encoder: Encoder, name?: string): ExactRetriever {
    return new ExactRetriever(encoder, { ids: this.#ids, tieOrder: this.#tieOrder, index: this.#index }, name);
  }

  async search(queries: readonly string[], k: number): Promise<Hit[][]> {
    assertResultCount(k);
    const vectors = await this.#encoder.encodeQueries(queries);
    assert.equal(vectors.rows, queries.length);
    assertFinite(vectors, `a query of encoder ${this.#encoder.description.id}`);
    const order = this.#tieOrder;
    const results = await this.#index.search(vectors, k, { compareTies: (left, right) => order[left]! - order[right]! });
    return results.map((best) => best.map(({ item, score }) => ({ id: this.#ids[item]!, score, chunk: -1 })));
  }
}

function assertFinite(vectors: Vectors, what: string): void {
  const position = vectors.data.findIndex((value) => !Number.isFinite(value));
  if (position < 0) return;
  const row = Math.floor(position / vectors.dimension);
  throw new CemError(
    'SEARCH_NOT_FINITE',
    `the vector of ${what} (row ${row}) holds ${vectors.data[position]}: nothing can be ranked by it; check the checkpoint or the model`,
    { details: { row } },
  );
}
