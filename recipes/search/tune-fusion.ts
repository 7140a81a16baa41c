import { resolve } from 'node:path';
import { CemError, ClosingStack, inStage, RandomNumbers, UsageError } from '../../base/index.ts';
import type { SegmentedCorpus } from '../../data/index.ts';
import {
  type ChosenFusion,
  CollectionFolder,
  collectionTexts,
  openLexicalRetriever,
  openQueryEncoder,
  readWholeChunks,
  VECTORS,
  writeChosenFusion,
} from '../../rag/index.ts';
import { type Hit, type Retriever, VectorRetriever } from '../../search/index.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { chooseByQuestions, chooseBySentences, type TuningQuery } from './choose-fusion.ts';
import { type SearcherOptions, searchingOptions } from './searching-options.ts';
import { type JudgedText, queriesOfText, readTuningQuestions, shuffled } from './tuning-queries.ts';

export interface TuneFusionOptions extends LongCall, Omit<SearcherOptions, 'listener' | 'retrievers' | 'fusion'> {
  /** The collection's folder. */
  readonly collection: string;
  /** JSONL of judged questions (`{"query", "documents"}`), as people ask them; sentences of the collection's own texts unless given. */
  readonly questions?: string | undefined;
  /** Texts that sentences are taken of; 200 unless given. */
  readonly texts?: number | undefined;
  readonly seed?: number | undefined;
}

/** What was chosen, and written into the collection. */
export interface TunedFusion extends ChosenFusion {
  readonly collection: string;
}

const TEXTS = 200;
/** Texts that are looked at for one that has a sentence. */
const LOOKS = 5;
/** Hits of each retriever: as many as a hybrid search asks for. */
const DEPTH = 100;

/**
 * Chooses how much vectors and words count in a collection, on judged questions or on sentences of its own texts, and keeps it there: searches that do not say how they fuse go by it.
 *
 * @throws UsageError `TUNE_QUESTIONS`, `TUNE_NO_TEXTS`, `INDEX_NO_TERMS`; CemError `COLLECTION_EMPTY`; and what `CollectionFolder.openForSearch` and `openQueryEncoder` throw
 */
export async function tuneFusion(options: TuneFusionOptions): Promise<TunedFusion> {
  const listener = listenerOf(options);
  const path = resolve(options.collection);
  const judged = options.questions === undefined ? undefined : await readTuningQuestions(options.questions);
  const searching = searchingOptions(options);
  const opened = new ClosingStack();
  try {
    const collection = opened.add(await CollectionFolder.openForSearch(path, searching), (part) => part.close());
    const corpus = await collection.openCorpus();
    if (corpus === undefined) throw new CemError('COLLECTION_EMPTY', `nothing was ingested into the collection ${path} yet`);
    opened.add(corpus, (part) => part.close());
    const words = await openLexicalRetriever({ path, terms: collection.store.terms });
    const encoder = await openQueryEncoder(collection, searching);
    opened.add(encoder.embedder, (part) => part.dispose());
    const vectors = new VectorRetriever(encoder.embedder, collection.store, VECTORS);
    const asked = judged ?? (await sentencesFrom(corpus, options));
    const names = new NamesOfUnits(corpus);
    const queries = await inStage(
      listener,
      'asking',
      async (stage) => {
        const queries: TuningQuery[] = [];
        for (const [place, query] of asked.entries()) {
          queries.push(await ask(query, { words, vectors }, names));
          stage.progress(place + 1, asked.length);
        }
        return queries;
      },
      () => `${asked.length} queries, by words and by vectors`,
    );
    const units = collection.state?.documents ?? 0;
    const chosen =
      judged === undefined ? await chooseBySentences(queries, units) : await chooseByQuestions(queries, units, options.seed);
    await writeChosenFusion(path, chosen);
    return { collection: path, ...chosen };
  } finally {
    await opened.close();
  }
}

/** Words of sentences of units that are drawn at random, with the unit to be found. */
async function sentencesFrom(corpus: SegmentedCorpus, { texts = TEXTS, seed = 0 }: TuneFusionOptions): Promise<JudgedText[]> {
  const ids = [...corpus.ids()];
  const random = new RandomNumbers(seed, 'sentences to tune by');
  const queries: JudgedText[] = [];
  let used = 0;
  for (const place of shuffled(ids.length, random).slice(0, LOOKS * texts)) {
    const id = ids[place]!;
    const read = await readWholeChunks(collectionTexts(corpus), corpus.chunksOf(id).slice(0, 1));
    const found = queriesOfText(read[0]?.text ?? '', random);
    queries.push(...found.map((text) => ({ text, gold: [id] })));
    if (found.length > 0) used += 1;
    if (used === texts) break;
  }
  if (queries.length > 0) return queries;
  throw new UsageError(
    'TUNE_NO_TEXTS',
    'no text of the collection has a sentence of six words or more to ask with: give judged questions with --questions',
  );
}

async function ask(
  { text, gold }: JudgedText,
  { words, vectors }: { readonly words: Retriever; readonly vectors: Retriever },
  names: NamesOfUnits,
): Promise<TuningQuery> {
  const byWords = await hitsOf(words, text);
  const byVectors = await hitsOf(vectors, text);
  await names.learn([...byWords, ...byVectors]);
  return { words: byWords, vectors: byVectors, gold: new Set(gold), namesOf: (document) => names.of(document) };
}

async function hitsOf(retriever: Retriever, text: string): Promise<readonly Hit[]> {
  return (await retriever.search([text], { k: DEPTH }))[0]!;
}

/** A unit's own name, its document's and its file's. */
class NamesOfUnits {
  readonly #corpus: SegmentedCorpus;
  readonly #names = new Map<string, readonly string[]>();

  constructor(corpus: SegmentedCorpus) {
    this.#corpus = corpus;
  }

  async learn(hits: readonly Hit[]): Promise<void> {
    for (const { document } of hits) {
      if (this.#names.has(document)) continue;
      const source = (await this.#corpus.documentMetadata(document))?.source;
      this.#names.set(document, [document, document.replace(/-\d+$/, ''), ...(source === undefined ? [] : [source])]);
    }
  }

  of(document: string): readonly string[] {
    return this.#names.get(document) ?? [document];
  }
}
