import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { exists, type FolderLock, lockFolder, shareFolder, syncFolder } from '../../base/index.ts';
import type { QueryStudentFiles } from '../../checkpoints/index.ts';
import { type FigureReader, FigureStore, hasCorpusState, type SegmentedCorpus } from '../../data/index.ts';
import { databaseUrlWithoutPassword, type PgvectorStore } from '../../search/postgres/index.ts';
import { bringHead } from '../groups/shared-head.ts';
import { checkSameModel, type IndexModel } from '../index-store/index-manifest.ts';
import {
  CODES_MEMORY,
  checkSameDatabase,
  copyQueryStudent,
  DATABASE_FOLDER,
  openStore,
  type StoreAccess,
  type StoreOptions,
} from '../index-store/open-store.ts';
import { type ChangeEntry, entryOf, entryText } from './change-log.ts';
import { COLLECTION_FILE, type CollectionManifest, readCollectionManifest } from './collection-manifest.ts';
import { databaseLost, empty, missing, REMEDY, requireCollectionOrEmpty, tellServer } from './collection-refusals.ts';
import type { CollectionSources } from './collection-sources.ts';
import { type CollectionState, parseCollectionState, STATE_PROPERTY } from './collection-state.ts';
import type { CollectionWritingOptions, NextState, StateCounts } from './collection-writing.ts';
import { FolderCorpus } from './folder-corpus.ts';
import { joinCollection, segmentsPrefix } from './join-collection.ts';
import { makeCollection } from './make-collection.ts';
import { accessTo, removeRows } from './remove-collection.ts';
import { SharedCorpus } from './shared-corpus.ts';
import { SharedFigures } from './shared-figures.ts';

const CORPUS_FOLDER = 'corpus';
const QUERY_FOLDER = 'query';
const FIGURES_FOLDER = 'figures';
/** What is being made: gone when it is finished, and removed by the next one that is at it. */
const WORK_FOLDER = 'work';
const VECTORS_FOLDER = 'vectors';
/** The setting that says that passages have vector groups. */
const GROUPS_SETTING = 'groups';

/**
 * A collection on disk: `collection.json` (what it is made with), `corpus/` (segments), `sources-STATE.json` (which files), `pgdata/` (unless the rows lie in a server), `query/` where
 * the checkpoint has a query student; while processes have it open, `lock` or `lock.reader.…`.
 *
 * Its state changes in one moment, when the database commits: the rows, and the name of the corpus' state that they are of. Corpus and sources of a new state are there before, under
 * names of their own, and those of the old one go afterwards; a process that is killed at any moment leaves the old state or the new one, and whoever opens the collection next finds
 * which by the database.
 */
export class CollectionFolder {
  readonly path: string;
  readonly manifest: CollectionManifest;
  readonly store: PgvectorStore;
  readonly #lock: FolderLock;
  /** Of a collection whose segments lie in an object store. */
  readonly #shared: SharedCorpus | undefined;
  /** Pictures of a shared one. */
  readonly #sharedFigures: SharedFigures | undefined;
  /** Of one that is not shared. */
  readonly #own: FolderCorpus;

  private constructor(
    path: string,
    parts: { readonly manifest: CollectionManifest; readonly store: PgvectorStore; readonly lock: FolderLock },
    state: CollectionState | undefined,
  ) {
    this.path = path;
    this.manifest = parts.manifest;
    this.store = parts.store;
    this.#lock = parts.lock;
    this.#shared = sharedCorpusOf(path, parts);
    this.#sharedFigures = this.#shared && sharedFiguresOf(this.#shared, parts);
    const { corpusPath, newFigures } = this;
    const embedded = parts.manifest.store.kind === 'pglite';
    const figuresPath = join(path, FIGURES_FOLDER);
    const figures = new FigureStore(figuresPath);
    this.#own = new FolderCorpus({ path, corpusPath, figuresPath, figures, newFigures, embedded }, state);
  }

  /** Whether other processes may change it while this one has it open. */
  get isShared(): boolean {
    return this.#shared !== undefined;
  }

  /** Names what a shared collection held when it was looked at last; undefined where nothing was ever ingested, and of one that is not shared. */
  get token(): string | undefined {
    return this.#shared?.token;
  }

  /** Of a collection whose segments lie in an object store. */
  get shared(): SharedCorpus | undefined {
    return this.#shared;
  }

  /** Bytes of a shared collection's segments; 0 of one that is not shared. */
  get sharedBytes(): number {
    return this.#shared?.bytes ?? 0;
  }

  /** Undefined as long as nothing was ingested. */
  get state(): CollectionState | undefined {
    return (this.#shared ?? this.#own).state;
  }

  get corpusPath(): string {
    return join(this.path, CORPUS_FOLDER);
  }

  /** For files that are needed while the collection changes; empty at first, and gone when it is closed. */
  get workPath(): string {
    return join(this.path, WORK_FOLDER);
  }

  /** Pictures of the figures of its state. */
  get figures(): FigureReader {
    return this.#sharedFigures ?? new FigureStore(join(this.path, FIGURES_FOLDER));
  }

  /** Pictures of a state that is being made, which `announce` takes over. */
  get newFigures(): FigureStore {
    return new FigureStore(join(this.workPath, FIGURES_FOLDER));
  }

  /** For vectors of a state that is being made: unlike the rest, they outlive a kill, and serve the next one that makes it. */
  get vectorsPath(): string {
    return join(this.path, VECTORS_FOLDER);
  }

  /** Where the query student lies; undefined where there is none. */
  get queryStudent(): QueryStudentFiles | undefined {
    const { queryStudent } = this.manifest;
    return queryStudent && { folder: join(this.path, QUERY_FOLDER), hash: queryStudent.hash };
  }

  /**
   * What a collection is made with, and nothing opened; undefined where there is none.
   *
   * @throws FormatError `COLLECTION_FORMAT`
   */
  static async manifestOf(folder: string): Promise<CollectionManifest | undefined> {
    return readCollectionManifest(resolve(folder));
  }

  /**
   * Opens a collection to search in it, beside others that do.
   *
   * @throws UsageError `COLLECTION_MISSING`, `COLLECTION_EMPTY`; CemError `FOLDER_LOCKED`, `INDEX_OTHER_DATABASE` and what opening the store throws; FormatError `COLLECTION_FORMAT`
   */
  static async openForSearch(folder: string, options: StoreAccess = {}): Promise<CollectionFolder> {
    const path = resolve(folder);
    if (!(await exists(join(path, COLLECTION_FILE)))) throw missing(path);
    return withLock(await shareFolder(path).catch(tellServer), async (lock) => {
      const manifest = await readCollectionManifest(path);
      if (manifest === undefined) throw missing(path);
      await bringHead(path, manifest);
      if (manifest.store.kind === 'pglite' && !(await exists(join(path, DATABASE_FOLDER)))) throw empty(path);
      const store = await openStore(path, manifest, { ...options, remedy: REMEDY }, { create: false, migrate: false });
      return withStore(store, async () => {
        const collection = new CollectionFolder(path, { manifest, store, lock }, await storedState(store));
        await collection.refresh();
        if (collection.state === undefined) throw empty(path);
        return collection;
      });
    });
  }

  /**
   * Opens a collection to change it, and makes it where there is none. What a process left that was killed is finished or dropped.
   *
   * @param model of the vectors; one that is there must have been made with the same
   * @throws UsageError `COLLECTION_FOLDER` for a folder that holds something else; CemError `FOLDER_LOCKED`, `INDEX_OTHER_CHECKPOINT`, `INDEX_OTHER_TEACHER`, `INDEX_DIMENSION`,
   *   `INDEX_OTHER_DATABASE`, `COLLECTION_DATABASE`, `CORPUS_STATE` and what opening the store throws; FormatError `COLLECTION_FORMAT`
   */
  static async openForWriting(folder: string, model: IndexModel, options: CollectionWritingOptions): Promise<CollectionFolder> {
    const path = resolve(folder);
    const server = options.database === undefined ? undefined : databaseUrlWithoutPassword(options.database);
    await requireCollectionOrEmpty(path);
    await mkdir(path, { recursive: true });
    const { address } = options;
    return withLock(await lockFolder(path, { ...(address !== undefined && { address }) }), async (lock) => {
      const segments = options.segments === undefined ? undefined : segmentsPrefix(options.segments);
      const known =
        segments === undefined ? await readCollectionManifest(path) : await joinCollection(path, segments, options.database);
      if (known !== undefined) {
        checkSameModel(path, known, model);
        checkSameDatabase(path, known.store, server);
      }
      const { queryStudent } = options;
      const manifest = known ?? (await makeCollection(path, model, { ...options, segments }));
      if (queryStudent !== undefined && manifest.queryStudent?.hash === queryStudent.hash)
        await copyQueryStudent(queryStudent, join(path, QUERY_FOLDER));
      const terms = manifest.analyzer === undefined ? ('none' as const) : { analyzer: manifest.analyzer };
      return CollectionFolder.#openLocked(path, manifest, { ...options, terms }, { lock, enter: true });
    });
  }

  /**
   * Opens a collection that is there to change it and to search it meanwhile. Its model is not looked at: whoever encodes for it must (`checkModel`).
   *
   * @param options.database gives the password of the server that the collection lies in; that of another one is passed over
   * @param options.address URL at which this process serves the collection, for others who want to open it
   * @throws UsageError `COLLECTION_MISSING`; CemError `FOLDER_LOCKED`, `INDEX_OTHER_DATABASE`, `COLLECTION_DATABASE`, `CORPUS_STATE` and what opening the store throws; FormatError
   *   `COLLECTION_FORMAT`
   */
  static async openLive(
    folder: string,
    { address, ...options }: StoreAccess & { readonly address?: string } = {},
  ): Promise<CollectionFolder> {
    const path = resolve(folder);
    if (!(await exists(join(path, COLLECTION_FILE)))) throw missing(path);
    return withLock(await lockFolder(path, { ...(address !== undefined && { address }) }), async (lock) => {
      const manifest = await readCollectionManifest(path);
      if (manifest === undefined) throw missing(path);
      const terms = manifest.analyzer === undefined ? ('none' as const) : { analyzer: manifest.analyzer };
      return CollectionFolder.#openLocked(
        path,
        manifest,
        { codesMemory: CODES_MEMORY, ...accessTo(manifest, options), terms },
        { lock, enter: false },
      );
    });
  }

  static async #openLocked(
    path: string,
    manifest: CollectionManifest,
    options: StoreOptions,
    { lock, enter }: { readonly lock: FolderLock; readonly enter: boolean },
  ): Promise<CollectionFolder> {
    const groups = manifest.settings[GROUPS_SETTING] !== undefined;
    await bringHead(path, manifest);
    // The tables of a shared collection are made by whoever makes it: another machine may have removed it.
    const create = enter || manifest.segments === undefined;
    const store = await openStore(path, manifest, { ...options, groups, remedy: REMEDY }, { create, migrate: true });
    return withStore(store, async () => {
      const collection = new CollectionFolder(path, { manifest, store, lock }, await storedState(store));
      await collection.refresh();
      if (collection.state === undefined && (await hasCorpusState(collection.corpusPath))) throw databaseLost(path, manifest);
      if (enter) await collection.#enter();
      await collection.settle();
      await rm(collection.workPath, { recursive: true, force: true });
      await mkdir(collection.workPath);
      return collection;
    });
  }

  /**
   * Removes a collection, its tables in a server too. It is moved to another name first, so that a kill leaves a collection or something that is none: to be removed by the same call with
   * that name.
   *
   * @param trash where it is moved to, in the same folder
   * @param access as `openLive` takes it
   * @throws CemError `FOLDER_LOCKED`, and what connecting to the server throws, in which case it lies in the trash
   */
  static async remove(folder: string, trash: string, access: StoreAccess = {}): Promise<void> {
    const path = resolve(folder);
    const lock = await lockFolder(path);
    try {
      const manifest = await readCollectionManifest(path).catch(() => undefined);
      if (path !== resolve(trash)) await rename(path, trash);
      await syncFolder(dirname(trash));
      if (manifest?.store.kind === 'postgres') await removeRows(trash, manifest, access);
      await rm(trash, { recursive: true, force: true });
    } finally {
      // It went with the folder, unless something failed before.
      await lock.release();
    }
  }

  /** @throws as `checkSameModel` where vectors of this model are none of the collection's */
  checkModel(model: IndexModel): void {
    checkSameModel(this.path, this.manifest, model);
  }

  /** The corpus in the collection's state; undefined where nothing was ingested. */
  async openCorpus(): Promise<SegmentedCorpus | undefined> {
    return (this.#shared ?? this.#own).openCorpus();
  }

  /** The files that the collection's state was made from. */
  async sources(): Promise<CollectionSources> {
    return (this.#shared ?? this.#own).sources();
  }

  /**
   * Makes a staged state of the corpus, its rows and its sources the collection's state.
   *
   * @throws CemError `COLLECTION_ROOM` where the disk has none for the embedded database, and what `synchronise` throws
   */
  async commit<Result extends StateCounts>(next: NextState<Result>): Promise<Result> {
    await this.announce(next);
    const { result } = await this.commitRows(next);
    await this.settle();
    return result;
  }

  /**
   * The first part of `commit`, which changes nothing that a reader sees.
   *
   * @throws CemError `COLLECTION_ROOM`
   */
  async announce({ corpus, sources }: Pick<NextState<StateCounts>, 'corpus' | 'sources'>): Promise<void> {
    if (this.#shared === undefined) return this.#own.announce(corpus, sources);
    await this.#shared.upload(corpus, sources);
    await this.announcePictures(sources);
  }

  /**
   * The part of `announce` that stores the pictures of a shared collection, for who does the rest otherwise; in a turn.
   *
   * @throws CemError `REMOTE_WRITE`, `COLLECTION_TURN`
   */
  async announcePictures(sources: CollectionSources): Promise<void> {
    await this.#sharedFigures?.upload(this.newFigures, sources);
  }

  /** The second part: the transaction. Its commit is the moment of the change; nothing else may use the store until it is over. */
  async commitRows<Result extends StateCounts>({
    corpus,
    changes,
    synchronise,
  }: Omit<NextState<Result>, 'sources'>): Promise<{ readonly result: Result; readonly entry: ChangeEntry }> {
    const { result, state, entry, known } = await this.store.transaction(async (store) => {
      await this.#shared?.requireTurn(store);
      const result = await synchronise(store);
      await store.finishWriting();
      const { documents, chunks, passages } = result;
      const state = { corpus, documents, chunks, passages };
      await store.setProperty(STATE_PROPERTY, JSON.stringify(state));
      const known = await this.#shared?.name(store, state);
      await this.#sharedFigures?.name(store);
      const text = entryText(new Date().toISOString(), changes);
      return { result, state, known, entry: entryOf({ number: await store.log.append(text), text }) };
    });
    if (known) this.#shared?.named(known);
    await this.#sharedFigures?.named(this.newFigures);
    this.#own.state = state;
    return { result, entry };
  }

  /** Whether the database has the state that this object knows: after a commit that failed. Throws what the database does that does not answer. */
  async isCurrent(): Promise<boolean> {
    // What a shared collection has is looked at before each reading and each change.
    if (this.#shared) return true;
    return (await storedState(this.store))?.corpus === this.state?.corpus;
  }

  /** The change log, newest first; empty for changes of versions that kept none. */
  async changes(options: { readonly before?: number | undefined; readonly limit: number }): Promise<ChangeEntry[]> {
    return (await this.store.log.last(options)).map(entryOf);
  }

  /** Says which files the state was made from, where nothing else changed. */
  async replaceSources(sources: CollectionSources): Promise<void> {
    const { state } = this;
    if (state === undefined) return;
    if (this.#shared) {
      const figures = this.#sharedFigures;
      await this.#shared.upload(state.corpus, sources);
      await this.announcePictures(sources);
      await this.#shared.swap((store) => figures?.name(store) ?? Promise.resolve());
      return figures?.named(this.newFigures);
    }
    return this.#own.replaceSources(state.corpus, sources);
  }

  /** The last part: finishes or drops what stands beside the state that the database names. What a kill leaves undone, the next one that opens the collection does. */
  async settle(): Promise<void> {
    if (this.#shared === undefined) return this.#own.settle();
    if (!this.#shared.hasTurn) return;
    await this.#shared.place();
    // What stays is removed another time.
    await this.#shared.sweep().catch(() => undefined);
  }

  /** Looks at what a shared collection holds now; one that is not shared is as this process left it. */
  async refresh(): Promise<void> {
    await this.#shared?.read();
  }

  /** Whether a shared collection is still what a token names. Throws what the database does that does not answer. */
  async isAt(token: string | undefined): Promise<boolean> {
    return this.#shared === undefined || (await this.#shared.currentToken()) === token;
  }

  /**
   * Changes the collection: at once where this process has it alone, else when no other one does. It is what the last one left then.
   *
   * @throws the signal's reason; what the database does that does not answer
   */
  async inTurn<Result>(body: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    if (this.#shared === undefined || this.#shared.hasTurn) return body();
    await this.#enter(signal);
    try {
      return await body();
    } finally {
      await this.#shared.leave();
    }
  }

  /** Lets segments count that were merged in the folder; in a turn. */
  async keepMerged(): Promise<void> {
    const { state } = this;
    if (this.#shared === undefined || state === undefined) return;
    await this.#shared.upload(state.corpus);
    await this.#shared.swap();
    await this.settle();
  }

  /**
   * Removes objects of a shared collection that no state has named for a while; in a turn.
   *
   * @param grace seconds, an hour unless given
   * @returns how many
   */
  async sweep(grace?: number): Promise<number> {
    return (await this.#shared?.sweep(grace)) ?? 0;
  }

  async #enter(signal?: AbortSignal): Promise<void> {
    await this.#shared?.enter(signal);
  }

  /** Lets other processes change a shared collection that was opened for writing. */
  async endTurn(): Promise<void> {
    await this.#shared?.leave();
  }

  async close(): Promise<void> {
    try {
      await this.#shared?.leave();
      await this.store.close();
      await rm(this.workPath, { recursive: true, force: true });
    } finally {
      await this.#lock.release();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What the store says that its rows are of. */
async function storedState(store: PgvectorStore): Promise<CollectionState | undefined> {
  const text = await store.property(STATE_PROPERTY);
  return text === undefined ? undefined : parseCollectionState(text);
}

function sharedCorpusOf(
  path: string,
  { manifest: { segments }, store }: { readonly manifest: CollectionManifest; readonly store: PgvectorStore },
): SharedCorpus | undefined {
  const places = { corpusPath: join(path, CORPUS_FOLDER), workPath: join(path, WORK_FOLDER) };
  return segments === undefined ? undefined : new SharedCorpus({ store, segments, ...places });
}

function sharedFiguresOf(
  shared: SharedCorpus,
  { manifest: { segments, settings }, store }: { readonly manifest: CollectionManifest; readonly store: PgvectorStore },
): SharedFigures | undefined {
  return segments === undefined
    ? undefined
    : new SharedFigures({
        store,
        segments,
        stored: settings['figures'] === 'store',
        requireTurn: (inner) => shared.requireTurn(inner),
      });
}

async function withLock<Result>(lock: FolderLock, body: (lock: FolderLock) => Promise<Result>): Promise<Result> {
  try {
    return await body(lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function withStore<Result>(store: PgvectorStore, body: () => Promise<Result>): Promise<Result> {
  try {
    return await body();
  } catch (error) {
    await store.close();
    throw error;
  }
}
