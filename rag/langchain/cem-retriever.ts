import type { Document } from '@langchain/core/documents';
import { BaseRetriever, type BaseRetrieverInput } from '@langchain/core/retrievers';
import type { Filter } from '../../search/index.ts';
import { type CemDocumentMetadata, filterWithLabels, type LangChainSearcher, langChainDocument } from './result-document.ts';

export interface CemRetrieverInput extends BaseRetrieverInput {
  /** What `openCollection` or `openSearcher` gave; it stays the caller's to close. */
  readonly searcher: LangChainSearcher;
  /** Results wanted; 4 unless given, as LangChain's own. */
  readonly k?: number | undefined;
  readonly filter?: Filter | undefined;
  /** Labels of access of whom the results are for; without it, access is not asked about. */
  readonly labels?: readonly string[] | undefined;
  /** Whether a document's text is the whole unit that the passage stands in; only the passage unless true. */
  readonly units?: boolean | undefined;
}

const DEFAULT_RESULTS = 4;

/** A collection or an index as LangChain's retriever: `new CemRetriever({ searcher: await openCollection('docs.collection') })`. */
export class CemRetriever extends BaseRetriever<CemDocumentMetadata> {
  override lc_namespace = ['cem-rag', 'retrievers'];
  readonly #searcher: LangChainSearcher;
  readonly #k: number;
  readonly #filter: Filter | undefined;
  readonly #units: boolean;

  constructor({ searcher, k = DEFAULT_RESULTS, filter, labels, units = false, ...input }: CemRetrieverInput) {
    super(input);
    this.#searcher = searcher;
    this.#k = k;
    this.#filter = filterWithLabels(filter, labels);
    this.#units = units;
  }

  static override lc_name(): string {
    return 'CemRetriever';
  }

  /** Throws as the searcher does. */
  override async _getRelevantDocuments(query: string): Promise<Document<CemDocumentMetadata>[]> {
    const results = await this.#searcher.search(query, { k: this.#k, filter: this.#filter, units: this.#units });
    return results.map((result) => langChainDocument(result, this.#units));
  }
}
