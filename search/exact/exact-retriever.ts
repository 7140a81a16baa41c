import assert from 'node:assert/strict';
import { CemError, type OnProgress } from '../../base/index.ts';
import type { CorpusVectors, Encoder, Vectors } from '../../encoders/index.ts';
import type { Filter } from '../filter.ts';
import { checkFilter } from '../filter-schema.ts';
import { compileFilter } from '../match-filter.ts';
import { atPassagePlace, passagePlace } from '../passage-place.ts';
import { assertResultCount, idOrder } from '../rank-order.ts';
import type { Hit, Retriever, SearchOptions } from '../retriever.ts';
import { scoredPassages } from '../scoring.ts';
import { whyUnsearchable } from '../vector-row.ts';
import type { RowMetadata } from '../vector-store.ts';
import { ExactIndex, type ExactIndexOptions } from './exact-index.ts';

/** Documents encoded in one call: their vectors are all that is held twice while an index is made. */
const ENCODE_DOCUMENTS = 8192;

export interface ExactRetrieverOptions extends ExactIndexOptions {
  /** Name in tables; the encoder's id unless given. */
  readonly name?: string;
  /** What filters may ask about; nothing unless given. `chunk` and `passage` are undefined where the encoder does not know chunks. */
  readonly metadataOf?: (document: string, chunk: number | undefined, passage: number | undefined) => RowMetadata | undefined;
  /** Progress of encoding the documents, in documents. */
  readonly onProgress?: OnProgress;
}

/** The encoded documents, which retrievers with several encoders of queries share. */
interface EncodedDocuments {
  readonly ids: readonly string[];
  readonly tieOrder: Int32Array;
  readonly index: ExactIndex;
  /** [rows]: whose each row is, as a place among the ids */
  readonly owners: Int32Array;
  /** [rows]: passages' places in the container, or the row's place within its document where the encoder knows no chunks */
  readonly parts: Float64Array;
  readonly knowsChunks: boolean;
  readonly metadataOf: ExactRetrieverOptions['metadataOf'];
}

/**
 * Exhaustive search by inner product (cosine, vectors being unit) over every document of an encoder. A document's score comes from those of
 * its rows, as the search's `scoring` says; rows of zeros are not found. Its memory is that of an `ExactIndex`.
 */
export class ExactRetriever implements Retriever {
  readonly name: string;
  readonly #encoder: Encoder;
  readonly #documents: EncodedDocuments;

  private constructor(encoder: Encoder, documents: EncodedDocuments, name: string | undefined) {
    this.name = name ?? encoder.description.id;
    this.#encoder = encoder;
    this.#documents = documents;
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
    const [owners, parts]: [Int32Array[], Float64Array[]] = [[], []];
    let knowsChunks = true;
    for (let first = 0; first < ids.length; first += ENCODE_DOCUMENTS) {
      const batch = ids.slice(first, first + ENCODE_DOCUMENTS);
      const corpus = await encoder.encodeCorpus(batch, (done, total) =>
        options.onProgress?.(first + Math.floor((batch.length * done) / Math.max(total, 1)), ids.length),
      );
      assert.equal(corpus.owners.length, corpus.rows);
      assertFinite(corpus, `a document of encoder ${id}`);
      knowsChunks &&= corpus.chunks !== undefined;
      owners.push(corpus.owners.map((owner) => first + owner));
      parts.push(placesOf(corpus));
      index.add(corpus, owners.at(-1)!, parts.at(-1));
    }
    const { metadataOf } = options;
    const documents = {
      ids,
      tieOrder,
      index,
      owners: Int32Array.from(joined(owners)),
      parts: Float64Array.from(joined(parts)),
      knowsChunks,
      metadataOf,
    };
    return new ExactRetriever(encoder, documents, options.name);
  }

  /** The same documents, asked by another encoder of queries: nothing of them is encoded or held again. */
  askedBy(encoder: Encoder, name?: string): ExactRetriever {
    return new ExactRetriever(encoder, this.#documents, name);
  }

  async search(queries: readonly string[], { k, filter, scoring, signal, onUnsearchable }: SearchOptions): Promise<Hit[][]> {
    assertResultCount(k);
    checkFilter(filter);
    const best = scoredPassages(scoring);
    signal?.throwIfAborted();
    const { ids, tieOrder, index, knowsChunks } = this.#documents;
    const vectors = await this.#encoder.encodeQueries(queries);
    assert.equal(vectors.rows, queries.length);
    const passes = filter && this.#rowFilter(filter);
    const results = await index.search(withoutUnsearchable(vectors, onUnsearchable), k, {
      compareTies: (left, right) => tieOrder[left]! - tieOrder[right]!,
      passes,
      best,
      signal,
    });
    return results.map((items, query) => {
      if (whyUnsearchable(rowOf(vectors, query)) !== undefined) return [];
      return items.map(({ item, score, part }) => ({
        document: ids[item]!,
        ...(knowsChunks && atPassagePlace(part)),
        score,
        retriever: this.name,
      }));
    });
  }

  #rowFilter(filter: Filter): (row: number) => boolean {
    const { ids, owners, parts, knowsChunks, metadataOf } = this.#documents;
    const test = compileFilter(filter);
    return (row) => {
      const document = ids[owners[row]!]!;
      const { chunk, passage } = knowsChunks ? atPassagePlace(parts[row]!) : {};
      return test(document, metadataOf?.(document, chunk, passage));
    };
  }
}

function rowOf({ data, dimension }: Vectors, row: number): Float32Array {
  return data.subarray(row * dimension, (row + 1) * dimension);
}

/** Queries that nothing can be ranked by are told of, and made zeros: a NaN would disturb no other query's product, but a product of it is no score. */
function withoutUnsearchable(vectors: Vectors, onUnsearchable: SearchOptions['onUnsearchable']): Vectors {
  let { data } = vectors;
  for (let row = 0; row < vectors.rows; row++) {
    const reason = whyUnsearchable(rowOf(vectors, row));
    if (reason === undefined) continue;
    onUnsearchable?.(row, reason);
    if (data === vectors.data) data = data.slice();
    data.fill(0, row * vectors.dimension, (row + 1) * vectors.dimension);
  }
  return { ...vectors, data };
}

/** Each row's place within its document: that of its passage where chunks are known, else its place among the document's rows, which lie together. */
function placesOf({ owners, chunks, passages }: CorpusVectors): Float64Array {
  const places = new Float64Array(owners.length);
  if (chunks !== undefined) return places.map((_, row) => passagePlace(chunks[row]!, passages?.[row] ?? 0));
  for (let row = 1; row < owners.length; row++) places[row] = owners[row] === owners[row - 1] ? places[row - 1]! + 1 : 0;
  return places;
}

function* joined(pieces: readonly (Int32Array | Float64Array)[]): Generator<number> {
  for (const piece of pieces) yield* piece;
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
