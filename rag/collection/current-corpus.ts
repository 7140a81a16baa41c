import { setTimeout as wait } from 'node:timers/promises';
import { CemError } from '../../base/index.ts';
import { CorpusStates, type SegmentedCorpus } from '../../data/index.ts';
import type { Retriever, SearchOptions } from '../../search/index.ts';
import type { CollectionFolder } from './collection-folder.ts';

/** How long, and how often at least, it is ranked again where changes come between. A ranking takes milliseconds, a change more. */
const READING_MS = 30_000;
const ATTEMPTS = 10;
const PAUSE_MS = 20;
/**
 * The texts of a collection that other processes change: each ranking is of one state, and its chunks are read from that one or a later one. A chunk's number means one chunk for ever, so that it does not
 * matter which of them has it.
 */
export class CurrentCorpus {
  readonly #collection: CollectionFolder;
  /** What a searcher reads its results from. */
  readonly texts: CorpusStates;
  #reading: Promise<void> = Promise.resolve();

  constructor(collection: CollectionFolder, corpus: SegmentedCorpus) {
    this.#collection = collection;
    this.texts = new CorpusStates(corpus);
  }

  /** Ranks within one state. Throws CemError `COLLECTION_CHANGING` where changes come faster than rankings. */
  around(inner: Retriever): Retriever {
    const search = async (queries: readonly string[], options: SearchOptions): ReturnType<Retriever['search']> => {
      const start = performance.now();
      for (let attempt = 0; attempt < ATTEMPTS || performance.now() - start < READING_MS; attempt++) {
        const token = await this.#refresh();
        const hits = await inner.search(queries, options);
        if (await this.#collection.isAt(token)) return hits;
        await wait(PAUSE_MS * Math.min(attempt, ATTEMPTS));
      }
      throw changing(this.#collection.path);
    };
    return { name: inner.name, search };
  }

  async close(): Promise<void> {
    await this.#reading;
    await this.texts.close();
  }

  /** @returns the token of what is read then */
  async #refresh(): Promise<string | undefined> {
    const refreshed = this.#reading.then(async () => {
      if (await this.#collection.isAt(this.#collection.token)) return;
      await this.#collection.refresh();
      const corpus = await this.#collection.openCorpus();
      if (corpus === undefined) throw changing(this.#collection.path);
      await this.texts.add(corpus);
    });
    this.#reading = refreshed.catch(() => undefined);
    await refreshed;
    return this.#collection.token;
  }
}

/** Nothing was found of one state. */
export function changing(path: string): CemError {
  return new CemError(
    'COLLECTION_CHANGING',
    `the collection ${path} is changed so often that no search was of one state of it: search again, or put documents in larger batches`,
    { details: { path } },
  );
}
