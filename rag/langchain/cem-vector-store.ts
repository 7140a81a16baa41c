import { Document, type DocumentInterface } from '@langchain/core/documents';
import type { EmbeddingsInterface } from '@langchain/core/embeddings';
import { VectorStore as LangChainVectorStore } from '@langchain/core/vectorstores';
import { CemError, UsageError } from '../../base/index.ts';
import type { Filter, StoreHit, VectorRow, VectorStore } from '../../search/index.ts';
import type { SearchResult } from '../retrieval/searcher.ts';
import { filterWithLabels, langChainDocument } from './result-document.ts';

/** An index or a collection, searched by vectors: what `openSearcher` and `openCollection` give. */
export interface VectorSearcher {
  searchVector(
    vector: Float32Array,
    options: { readonly k: number; readonly filter?: Filter | undefined },
  ): Promise<SearchResult[]>;
}

/** Reads the text of a hit, and what else is to be known of it, from where it lies. */
export type ReadHit = (hit: StoreHit) => Promise<{ readonly pageContent: string; readonly metadata?: Record<string, unknown> }>;

/** A store that one fills oneself, with vectors. */
export interface StoreParts {
  /** Stays the caller's to close. */
  readonly store: VectorStore;
  /** Where texts of results come from. Without it results have none: the store keeps vectors and metadata. */
  readonly read?: ReadHit | undefined;
}

export type CemVectorStoreParts = ({ readonly searcher: VectorSearcher } | StoreParts) & {
  /** Labels of access of whom the results are for; without it, access is not asked about. */
  readonly labels?: readonly string[] | undefined;
};

/** What rows say that they were made from: vectors that came from outside. */
const FINGERPRINT = 'langchain';

/**
 * A vector store of ours as LangChain's: an index or a collection to search in, or a store to be filled with vectors. Texts never go into it (invariant 5): an index is built from the vectors of
 * compressed chunks, and what LangChain would have embedded here is refused.
 */
export class CemVectorStore extends LangChainVectorStore {
  declare FilterType: Filter;
  readonly #parts: CemVectorStoreParts;

  constructor(embeddings: EmbeddingsInterface, parts: CemVectorStoreParts) {
    super(embeddings, {});
    this.#parts = parts;
  }

  _vectorstoreType(): string {
    return 'cem';
  }

  /**
   * Adds vectors, each as a passage of the document that `ids`, the document's `id` or its metadata's `id` names; `metadata.chunk` and `metadata.passage` say which passage it is, the first unless given. One
   * that is there is overwritten. Vectors are normalised. Metadata are kept, and filters ask for them; a text is not: `read` reads it later.
   *
   * @returns the ids
   * @throws CemError `LANGCHAIN_READ_ONLY` for an index or a collection, `LANGCHAIN_NO_ID`, `LANGCHAIN_NO_TEXT` for a text that nothing would read later, and what the store's `upsert` throws;
   *   UsageError `LANGCHAIN_VECTORS` for another number of vectors than of documents
   */
  async addVectors(
    vectors: number[][],
    documents: DocumentInterface[],
    options: { readonly ids?: string[] } = {},
  ): Promise<string[]> {
    const { store, read } = this.#filledStore();
    if (vectors.length !== documents.length)
      throw new UsageError('LANGCHAIN_VECTORS', `${vectors.length} vectors are not those of ${documents.length} documents`);
    const rows = documents.map((document, index) => {
      if (read === undefined && document.pageContent !== '') throw textLost(index);
      return rowOf(vectors[index]!, document, options.ids?.[index], index);
    });
    await store.upsert(rows);
    return rows.map((row) => row.document);
  }

  /** @throws CemError `LANGCHAIN_TEXTS`, always */
  async addDocuments(): Promise<never> {
    throw textsRefused();
  }

  /** @throws CemError `LANGCHAIN_TEXTS`, always */
  static override async fromTexts(): Promise<never> {
    throw textsRefused();
  }

  /** @throws CemError `LANGCHAIN_TEXTS`, always */
  static override async fromDocuments(): Promise<never> {
    throw textsRefused();
  }

  /** @throws CemError `LANGCHAIN_READ_ONLY` for an index or a collection */
  override async delete({ ids }: { readonly ids: string[] }): Promise<void> {
    await this.#filledStore().store.deleteDocuments(ids);
  }

  /**
   * The best k documents by the cosine of their best passages.
   *
   * @throws CemError `VECTOR_DIMENSION`; UsageError `SEARCH_FILTER`, and what the searcher throws
   */
  async similaritySearchVectorWithScore(query: number[], k: number, filter?: Filter): Promise<[Document, number][]> {
    const vector = unitVector(query);
    const parts = this.#parts;
    const options = { k, filter: filterWithLabels(filter, parts.labels) };
    if ('searcher' in parts) {
      const results = await parts.searcher.searchVector(vector, options);
      return results.map((result) => [langChainDocument(result) as Document, result.score]);
    }
    const hits = await parts.store.search(vector, options);
    return Promise.all(hits.map(async (hit) => [await documentOf(hit, parts.read), hit.score] as [Document, number]));
  }

  #filledStore(): StoreParts {
    const parts = this.#parts;
    if ('store' in parts) return parts;
    throw new CemError(
      'LANGCHAIN_READ_ONLY',
      'the vectors of an index or a collection are those of its compressed chunks: change it by `cem ingest`, `cem index` or the server, or give a store of your own to fill',
    );
  }
}

async function documentOf(hit: StoreHit, read: ReadHit | undefined): Promise<Document> {
  const { document: id, chunk, passage, score } = hit;
  const { pageContent, metadata = {} } = (await read?.(hit)) ?? { pageContent: '' };
  return new Document({ id, pageContent, metadata: { ...metadata, id, chunk, passage, score } });
}

function rowOf(
  vector: readonly number[],
  { id: own, metadata }: DocumentInterface,
  given: string | undefined,
  index: number,
): VectorRow {
  const { id: named, chunk = 0, passage = 0, ...rest } = (metadata ?? {}) as Record<string, unknown>;
  const document = given ?? own ?? named;
  if (typeof document !== 'string' || document === '') {
    throw new CemError(
      'LANGCHAIN_NO_ID',
      `document ${index + 1} has no id, by which its text is found later: give \`ids\`, or the document an \`id\``,
      { details: { index } },
    );
  }
  if (!isPlace(chunk) || !isPlace(passage))
    throw new CemError(
      'LANGCHAIN_NO_ID',
      `document ${index + 1} names no place in a corpus: \`chunk\` and \`passage\` are numbers from 0`,
    );
  return { document, chunk, passage, vector: unitVector(vector), fingerprint: FINGERPRINT, metadata: rest };
}

const isPlace = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/** A vector of zeros stays one: it has no direction. */
function unitVector(values: readonly number[]): Float32Array {
  const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return Float32Array.from(values, (value) => (norm > 0 ? value / norm : value));
}

function textsRefused(): CemError {
  return new CemError(
    'LANGCHAIN_TEXTS',
    'a vector store of CEM-RAG takes no texts: its vectors are those of compressed chunks. Pack and index the documents (`cem ingest FILES --into COLLECTION`) and search them by CemRetriever, or add vectors that you have',
  );
}

function textLost(index: number): CemError {
  return new CemError(
    'LANGCHAIN_NO_TEXT',
    `the text of document ${index + 1} would be lost: the store keeps vectors and metadata. Give \`read\`, which reads a result's text from where it lies, or leave pageContent empty`,
    { details: { index } },
  );
}
