import { CemError, ClosingStack } from '../../base/index.ts';
import type { SegmentedCorpus } from '../../data/index.ts';
import type { FusionInput } from '../../search/index.ts';
import type { StoreAccess } from '../index-store/open-store.ts';
import { openLexicalRetriever } from '../retrieval/lexical-retriever.ts';
import { openQueryEncoder, type QueryEncoderOptions } from '../retrieval/query-encoder.ts';
import { type RetrieverChoice, Searcher } from '../retrieval/searcher.ts';
import { CollectionFolder } from './collection-folder.ts';
import { type QuerySteps, queryParts, rulesOf } from './query-steps.ts';

export interface OpenCollectionOptions extends StoreAccess, QueryEncoderOptions {
  /** What ranks; both where the collection keeps terms, else vectors, unless given. By `bm25` alone nothing that encodes queries is opened. */
  readonly retrievers?: RetrieverChoice | undefined;
  /** How `hybrid` fuses `vectors` and `bm25`; by reciprocal ranks unless given, where vectors count half. */
  readonly fusion?: FusionInput | undefined;
  /** What is done with a query before it is ranked by. */
  readonly steps?: QuerySteps | undefined;
}

/** Words lead: with the encoder that comes with the package, reciprocal ranks over techdocs gained from vectors at half of BM25's weight (nDCG@10 0.647 to 0.663), and nothing from equal weights. */
const FUSION: FusionInput = { method: 'rrf', weights: { bm25: 1, vectors: 0.5 } };

/**
 * Opens a collection for questions. A result is a unit of a file; its text goes without the prefix that it was found by.
 *
 * @throws what `CollectionFolder.openForSearch`, `SegmentedCorpus.open` and `openQueryEncoder` throw
 */
export async function openCollection(folder: string, options: OpenCollectionOptions = {}): Promise<Searcher> {
  const opened = new ClosingStack();
  try {
    const collection = opened.add(await CollectionFolder.openForSearch(folder, options), (part) => part.close());
    const corpus = opened.add(await corpusOf(collection), (part) => part.close());
    const { store, path } = collection;
    const { retrievers = store.terms === undefined ? 'vectors' : 'hybrid', fusion = FUSION } = options;
    const lexical = retrievers === 'vectors' ? undefined : await openLexicalRetriever({ path, terms: store.terms });
    const encoder = retrievers === 'bm25' ? undefined : await openQueryEncoder(collection, options);
    if (encoder !== undefined) opened.add(encoder.embedder, (part) => part.dispose());
    const steps = queryParts(options.steps ?? {}, rulesOf(await collection.sources()));
    const { checkpoint, teacher, dimension } = collection.manifest;
    const { documents, chunks, passages } = collection.state!;
    const { precision, searchesBy } = store;
    return new Searcher({
      embedder: encoder?.embedder,
      store,
      lexical,
      fusion,
      ...steps,
      texts: corpus,
      prefixBytes: (chunk) => prefixBytes(corpus, chunk),
      description: {
        documents,
        chunks,
        passages,
        dimension,
        vectors: { precision, search: searchesBy },
        checkpoint: checkpoint.hash,
        teacher: teacher.id,
        ...(encoder && { queries: encoder.queries }),
        retrievers,
      },
      close: () => opened.close(),
    });
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function corpusOf(collection: CollectionFolder): Promise<SegmentedCorpus> {
  const corpus = await collection.openCorpus();
  if (corpus !== undefined) return corpus;
  throw new CemError('COLLECTION_EMPTY', `nothing was ingested into the collection ${collection.path} yet`);
}

/** How much of a chunk is the prefix that its document is found by: bytes at the beginning of the document's first chunk. */
async function prefixBytes(corpus: SegmentedCorpus, chunk: number): Promise<number> {
  const document = corpus.documentOf(chunk);
  if (corpus.chunksOf(document)[0] !== chunk) return 0;
  const { textStart } = await corpus.record(document);
  return Math.max(0, textStart);
}
