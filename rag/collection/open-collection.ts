import { CemError, ClosingStack } from '../../base/index.ts';
import { CorpusStates, type SegmentedCorpus } from '../../data/index.ts';
import type { QueryEmbedder } from '../../encoders/index.ts';
import type { FusionInput, Retriever } from '../../search/index.ts';
import { type FieldOptions, fieldAround, openQueryGroups, requireGroups } from '../groups/open-field.ts';
import { adviseMigration, type StoreAccess } from '../index-store/open-store.ts';
import { openLexicalRetriever } from '../retrieval/lexical-retriever.ts';
import { type OpenQueryEncoder, openQueryEncoder, type QueryEncoderOptions } from '../retrieval/query-encoder.ts';
import { type IndexDescription, type RetrieverChoice, Searcher, type SearcherParts } from '../retrieval/searcher.ts';
import { CollectionFolder } from './collection-folder.ts';
import { readChosenFusion, searchingBy } from './collection-fusion.ts';
import type { CollectionState } from './collection-state.ts';
import { CurrentCorpus } from './current-corpus.ts';
import { encoderOrWords } from './encoder-or-words.ts';
import { type QuerySteps, queryParts, rulesOf } from './query-steps.ts';

export interface OpenCollectionOptions extends StoreAccess, QueryEncoderOptions {
  /** What ranks; both where the collection keeps terms (words alone where the teacher is not to be had), else vectors, unless given. By `bm25` alone nothing that encodes queries is opened. */
  readonly retrievers?: RetrieverChoice | undefined;
  /** How `hybrid` fuses `vectors` and `bm25`; as was chosen for the collection (`cem tune-fusion`), else as `hybridFusion` of search/ says, unless given. */
  readonly fusion?: FusionInput | undefined;
  /** What is done with a query before it is ranked by. */
  readonly steps?: QuerySteps | undefined;
  /** Ranks what was found anew by vector groups, where the collection has them. */
  readonly field?: FieldOptions | undefined;
}

/**
 * Opens a collection for questions. A result is a unit of a file; its text goes without the prefix that it was found by.
 *
 * @throws UsageError `GROUPS_MISSING`; what `openQueryGroups`, `CollectionFolder.openForSearch`, `SegmentedCorpus.open` and `openQueryEncoder` throw
 */
export async function openCollection(folder: string, options: OpenCollectionOptions = {}): Promise<Searcher> {
  return (await openCollectionToRead(folder, options)).searcher;
}

/** A collection that is open to be read, beside others who read it. Closing the searcher closes all of it. */
export interface ReadableCollection {
  readonly searcher: Searcher;
  readonly store: CollectionFolder['store'];
  readonly corpus: SegmentedCorpus;
  /** What encodes queries; undefined where words alone rank. */
  readonly embedder: QueryEmbedder | undefined;
  /** Ranks by words; undefined where that was not asked for, or no terms are kept. */
  readonly lexical: Retriever | undefined;
}

/** The same, with the parts that a unit is read by. Throws as `openCollection`. */
export async function openCollectionToRead(folder: string, options: OpenCollectionOptions = {}): Promise<ReadableCollection> {
  const opened = new ClosingStack();
  try {
    const collection = opened.add(await CollectionFolder.openForSearch(folder, options), (part) => part.close());
    const corpus = await corpusOf(collection);
    // Of a collection that others change, each ranking is of one state, and texts are of that one.
    const current = opened.add(new CurrentCorpus(collection, corpus), (part) => part.close());
    const { store, path } = collection;
    const { note } = options;
    adviseMigration(store, `--collection ${path}`, note);
    // What cannot be is said before anything large is loaded.
    const settings = options.field && (await requireGroups(collection));
    const { fusion, retrievers: asked } = searchingBy(options, await readChosenFusion(path));
    const open = () => openQueryEncoder(collection, options);
    const { retrievers, encoder } = await encoderOrWords(asked, store.terms !== undefined, open, note);
    const lexical = retrievers === 'vectors' ? undefined : await openLexicalRetriever({ path, terms: store.terms });
    if (encoder !== undefined) opened.add(encoder.embedder, (part) => part.dispose());
    const groups = options.field && opened.add(await openQueryGroups(path, settings!, options.models), (part) => part.dispose());
    const field = groups && fieldAround(store, settings!, groups, options.field!);
    const { around = [], aroundVectors } = queryParts(options.steps ?? {}, rulesOf(await collection.sources()), field);
    const close = () => opened.close();
    const parts = {
      collection,
      state: collection.state!,
      corpus,
      texts: current.texts,
      retrievers,
      lexical,
      encoder,
      fusion,
      // All searches for a query are of one state.
      around: collection.isShared ? [...around, (inner: Retriever) => current.around(inner)] : around,
      aroundVectors,
      close,
    };
    const searcher = collectionSearcher(parts);
    return { searcher, store, corpus, embedder: encoder?.embedder, lexical };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** What a collection in one of its states is searched by. */
export interface CollectionSearcherParts extends Pick<SearcherParts, 'lexical' | 'around' | 'aroundVectors' | 'close'> {
  /** As `searchingBy` says. */
  readonly fusion: FusionInput;
  readonly collection: Pick<CollectionFolder, 'manifest' | 'store'>;
  readonly state: CollectionState;
  /** In that state. */
  readonly corpus: SegmentedCorpus;
  /** Where results are read, in place of the corpus. */
  readonly texts?: CorpusStates | undefined;
  readonly retrievers: RetrieverChoice;
  /** Undefined where words alone rank. */
  readonly encoder: OpenQueryEncoder | undefined;
}

/** A searcher over parts that are open. */
export function collectionSearcher(parts: CollectionSearcherParts): Searcher {
  const { collection, state, corpus, retrievers, lexical, encoder, fusion, texts, around, aroundVectors, close } = parts;
  return new Searcher({
    embedder: encoder?.embedder,
    store: collection.store,
    lexical,
    fusion,
    around,
    aroundVectors,
    ...collectionTexts(corpus, texts),
    description: describeCollection(collection, state, { retrievers, ...(encoder && { queries: encoder.queries }) }),
    close,
  });
}

/** What a collection's results and units are read from. */
export function collectionTexts(
  corpus: SegmentedCorpus,
  texts = new CorpusStates(corpus),
): Pick<SearcherParts, 'texts' | 'prefixBytes'> {
  // How much of a chunk is what its document is found by: at the beginning of the document's first chunk.
  return { texts, prefixBytes: async (chunk) => Math.max(0, (await texts.recordOfFirst(chunk))?.textStart ?? 0) };
}

/** What a collection holds in one of its states, and what made it. */
export function describeCollection(
  { manifest, store }: CollectionSearcherParts['collection'],
  { documents, chunks, passages }: Omit<CollectionState, 'corpus'>,
  searching: Pick<IndexDescription, 'retrievers' | 'queries'>,
): IndexDescription {
  const { checkpoint, teacher, dimension } = manifest;
  const { precision, searchesBy } = store;
  return {
    documents,
    chunks,
    passages,
    dimension,
    vectors: { precision, search: searchesBy },
    checkpoint: checkpoint.hash,
    teacher: teacher.id,
    ...searching,
  };
}

async function corpusOf(collection: CollectionFolder): Promise<SegmentedCorpus> {
  const corpus = await collection.openCorpus();
  if (corpus !== undefined) return corpus;
  throw new CemError('COLLECTION_EMPTY', `nothing was ingested into the collection ${collection.path} yet`);
}
