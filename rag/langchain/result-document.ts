import { Document } from '@langchain/core/documents';
import type { ByteSpan } from '../../base/index.ts';
import type { JsonValue, PageRange } from '../../data/index.ts';
import type { Filter } from '../../search/index.ts';
import { withAccess } from '../../search/index.ts';
import type { SearchResult } from '../retrieval/searcher.ts';

/** What searches: what `openCollection` and `openSearcher` give, or a function of one's own around something else. */
export interface LangChainSearcher {
  search(
    query: string,
    options: { readonly k: number; readonly filter?: Filter | undefined; readonly units?: boolean | undefined },
  ): Promise<SearchResult[]>;
}

/** What is known of a found text. */
export interface CemDocumentMetadata {
  /** Of the document, or of the unit of a collection. */
  readonly id: string;
  readonly score: number;
  readonly chunk: number;
  readonly passage: number;
  readonly retriever: string;
  readonly title?: string;
  readonly source?: string;
  readonly pages?: PageRange;
  readonly headings?: readonly string[];
  /** Bytes of the source's text that the passage is. */
  readonly span?: ByteSpan;
  readonly language?: string;
  readonly fields?: Readonly<Record<string, JsonValue>>;
}

/**
 * A result as LangChain has documents. Labels of access are left out: who may see a document is nothing that a prompt needs.
 *
 * @param whole whether its text is the whole unit, where the result has it, and not the passage alone
 */
export function langChainDocument(result: SearchResult, whole = false): Document<CemDocumentMetadata> {
  const { document: id, score, chunk, passage, retriever, span, text, unit } = result;
  const { title, source, pages, headings, language, fields } = (result.metadata ?? {}) as Partial<CemDocumentMetadata>;
  const metadata: CemDocumentMetadata = {
    id,
    score,
    chunk,
    passage,
    retriever,
    ...(title !== undefined && { title }),
    ...(source !== undefined && { source }),
    ...(pages !== undefined && { pages }),
    ...(headings !== undefined && { headings }),
    ...(span !== undefined && { span }),
    ...(language !== undefined && { language }),
    ...(fields !== undefined && { fields }),
  };
  return new Document({ id, pageContent: whole ? (unit?.text ?? text) : text, metadata });
}

/** A filter with the asker's labels of access around it, where there are labels: part of the store's query (invariant 7). */
export function filterWithLabels(filter: Filter | undefined, labels: readonly string[] | undefined): Filter | undefined {
  return labels === undefined ? filter : withAccess(filter, labels);
}
