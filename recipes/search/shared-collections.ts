import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { messageOf, UsageError } from '../../base/index.ts';
import type { Metadata } from '../../data/index.ts';
import {
  CollectionFolder,
  type CollectionManifest,
  collectionTexts,
  type NotedResults,
  openCollectionToRead,
  type ReadableCollection,
  readWholeChunks,
  searchWithNote,
} from '../../rag/index.ts';
import { type Filter, withAccess } from '../../search/index.ts';
import { listenerOf } from '../shared/call.ts';
import { type SearcherOptions, searchingOptions } from './searching-options.ts';

/** How long a collection stays open that nobody asks, in milliseconds: who wants to change it waits no longer. */
const IDLE_MS = 30_000;

/** Collections of a folder, or one. */
export type CollectionsPlace = { readonly collections: string } | { readonly collection: string };

export interface SharedCollectionsOptions extends SearcherOptions {
  /** Milliseconds that a collection stays open without a question; 30,000 unless given. */
  readonly idleMs?: number | undefined;
}

/** Labels of access of who asks; 'everything' where no access rules are kept. */
type Labels = readonly string[] | 'everything';

interface SharedSearchOptions {
  readonly k: number;
  readonly labels: Labels;
  readonly filter?: Filter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A unit of a document, whole. */
interface SharedUnit extends Pick<Metadata, 'title' | 'source' | 'headings' | 'pages'> {
  readonly id: string;
  readonly document: string;
  readonly text: string;
}

const permitted = (filter: Filter | undefined, labels: Labels): Filter | undefined =>
  labels === 'everything' ? filter : withAccess(filter, labels);

/** A collection that is read beside others who read it. It is opened with a question, and closed a while after the last one, so that it can be changed in between. */
export class SharedCollection {
  readonly name: string;
  readonly #open: () => Promise<ReadableCollection>;
  readonly #idleMs: number;
  #opened: Promise<ReadableCollection> | undefined;
  #closing: Promise<void> = Promise.resolve();
  #users = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(name: string, open: () => Promise<ReadableCollection>, idleMs: number) {
    this.name = name;
    this.#open = open;
    this.#idleMs = idleMs;
  }

  /** The best k units that the asker may see, and why there are none, should there be none. Throws as `openCollection` and `Searcher.search`. */
  search(query: string, { labels, filter, ...options }: SharedSearchOptions): Promise<NotedResults> {
    return this.#use(({ searcher }) => searchWithNote(searcher, query, { ...options, filter: permitted(filter, labels) }));
  }

  /** A unit, if there is such a one and the asker may see it: the store says so, and only then is its text read. */
  unit(id: string, labels: Labels): Promise<SharedUnit | undefined> {
    return this.#use(async ({ store, corpus }) => {
      const [found] = await store.listing.chunks([id], permitted(undefined, labels));
      if (found === undefined) return undefined;
      const [read] = await readWholeChunks(collectionTexts(corpus), [found.chunk]);
      const { title, source, headings, pages } = (read?.metadata ?? {}) as Metadata;
      return {
        id,
        document: id.replace(/-\d+$/, ''),
        ...(title !== undefined && { title }),
        ...(source !== undefined && { source }),
        ...(headings && { headings }),
        ...(pages && { pages }),
        text: read?.text ?? '',
      };
    });
  }

  async #use<Result>(body: (collection: ReadableCollection) => Promise<Result>): Promise<Result> {
    clearTimeout(this.#timer);
    this.#users++;
    try {
      return await body(await this.#current());
    } finally {
      this.#users--;
      if (this.#users === 0) this.#timer = setTimeout(() => void this.close(), this.#idleMs).unref();
    }
  }

  #current(): Promise<ReadableCollection> {
    if (this.#opened === undefined) {
      const opening = this.#closing.then(this.#open);
      opening.catch(() => {
        if (this.#opened === opening) this.#opened = undefined;
      });
      this.#opened = opening;
    }
    return this.#opened;
  }

  /** Another question opens it again. */
  close(): Promise<void> {
    clearTimeout(this.#timer);
    const opened = this.#opened;
    this.#opened = undefined;
    this.#closing = this.#closing.then(async () => (await opened?.catch(() => undefined))?.searcher.close());
    return this.#closing;
  }
}

/** Collections that are read and not changed, beside other processes that do the same. */
export class SharedCollections implements AsyncDisposable {
  readonly #place: CollectionsPlace;
  readonly #options: SharedCollectionsOptions;
  readonly #collections = new Map<string, SharedCollection>();

  constructor(place: CollectionsPlace, options: SharedCollectionsOptions = {}) {
    this.#place = place;
    this.#options = options;
  }

  /** What there is now, by name, without those that cannot be read. @throws UsageError `COLLECTIONS_FOLDER` */
  async list(): Promise<{ readonly name: string; readonly retrievers: 'vectors' | 'hybrid' }[]> {
    const found: { name: string; retrievers: 'vectors' | 'hybrid' }[] = [];
    for (const [name, path] of await this.#paths()) {
      const manifest = await this.#manifest(path);
      if (manifest !== undefined) found.push({ name, retrievers: manifest.analyzer === undefined ? 'vectors' : 'hybrid' });
    }
    return found;
  }

  /** @throws UsageError `COLLECTION_MISSING` */
  async get(name: string): Promise<SharedCollection> {
    const path = (await this.#paths()).get(name);
    if (path === undefined || (await this.#manifest(path)) === undefined)
      throw new UsageError('COLLECTION_MISSING', `there is no collection ${JSON.stringify(name)}`, { details: { name } });
    let collection = this.#collections.get(name);
    if (collection === undefined) {
      const { idleMs = IDLE_MS } = this.#options;
      collection = new SharedCollection(name, () => this.#open(path), idleMs);
      this.#collections.set(name, collection);
    }
    return collection;
  }

  #open(path: string): Promise<ReadableCollection> {
    const { note } = listenerOf(this.#options);
    return openCollectionToRead(path, { ...searchingOptions(this.#options), steps: { note } });
  }

  /** Undefined where there is none, or none that can be read, which the listener is told. */
  async #manifest(path: string): Promise<CollectionManifest | undefined> {
    try {
      return await CollectionFolder.manifestOf(path);
    } catch (error) {
      listenerOf(this.#options).note(messageOf(error));
      return undefined;
    }
  }

  /** Folders that may be collections. */
  async #paths(): Promise<Map<string, string>> {
    const place = this.#place;
    if ('collection' in place) {
      const path = resolve(place.collection);
      return new Map([[basename(path), path]]);
    }
    const folder = resolve(place.collections);
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      const names = entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name);
      return new Map(names.sort().map((name) => [name, join(folder, name)]));
    } catch (cause) {
      throw new UsageError('COLLECTIONS_FOLDER', `${folder} is no folder of collections that can be read`, {
        details: { folder },
        cause,
      });
    }
  }

  async close(): Promise<void> {
    for (const collection of this.#collections.values()) await collection.close();
    this.#collections.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Collections to be read and not changed: `await using collections = await openSharedCollections({ collections: 'rag' })`. None of them is opened yet. */
export async function openSharedCollections(
  place: CollectionsPlace,
  options: SharedCollectionsOptions = {},
): Promise<SharedCollections> {
  return new SharedCollections(place, options);
}
