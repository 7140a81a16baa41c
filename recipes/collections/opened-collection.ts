import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ClosingStack, ReadWriteLock } from '../../base/index.ts';
import { SegmentedCorpus } from '../../data/index.ts';
import type { UnitTools } from '../../ingest/index.ts';
import {
  type ChosenFusion,
  type CollectionFolder,
  type CollectionSources,
  type CollectionState,
  changing,
  collectionSearcher,
  encoderOrWords,
  type FieldOptions,
  fieldAround,
  openLexicalRetriever,
  queryParts,
  type RetrieverChoice,
  readChosenFusion,
  requireGroups,
  type Searcher,
  searchingBy,
  writeSummary,
} from '../../rag/index.ts';
import type { Retriever, SearchOptions } from '../../search/index.ts';
import { type CollectionSettings, settingsOfCollection } from '../ingest/ingest-options.ts';
import { unitTools } from '../ingest/unit-tools.ts';
import type { CollectionModels } from './collection-models.ts';
import { CollectionView } from './collection-view.ts';

/** Puts a retriever around another. */
type Around = (inner: Retriever) => Retriever;
/** What ranks, with what encodes queries where vectors do. */
type Ranking = Awaited<ReturnType<typeof encoderOrWords>>;

/** How long, and how often at least, it is read again where changes of other processes come between. */
const READING_MS = 30_000;
const ATTEMPTS = 10;
const PAUSE_MS = 20;

/** A collection that this process has open, for itself or shared with others: its folder, the state that is read now, and what keeps readers and the one writer apart. */
export class OpenedCollection {
  readonly folder: CollectionFolder;
  readonly models: CollectionModels;
  readonly settings: CollectionSettings;
  readonly #chosen: ChosenFusion | undefined;
  /** Shared by who asks the database, alone for who commits: so that what one reader asks is of one state. Texts are read without it. */
  readonly #gate = new ReadWriteLock();
  readonly #retiring = new Set<Promise<void>>();
  readonly #opened = new ClosingStack();
  #view: CollectionView;
  #lexical: Promise<Retriever> | undefined;
  #tools: Promise<UnitTools> | undefined;
  #bytes: { readonly view: CollectionView; readonly bytes: number } | undefined;
  #refreshing: Promise<void> | undefined;

  private constructor(
    folder: CollectionFolder,
    models: CollectionModels,
    settings: CollectionSettings,
    chosen: ChosenFusion | undefined,
    view: CollectionView,
  ) {
    this.folder = folder;
    this.#chosen = chosen;
    this.models = models;
    this.settings = settings;
    this.#view = view;
  }

  /** Takes an open folder over; it is closed where this fails. Throws CemError `COLLECTION_SETTINGS`, `COLLECTION_SOURCES`, as `SegmentedCorpus.open`. */
  static async take(folder: CollectionFolder, models: CollectionModels): Promise<OpenedCollection> {
    try {
      const settings = settingsOfCollection(folder.path, folder.manifest.settings);
      const view = await viewOf(folder);
      return new OpenedCollection(folder, models, settings, await readChosenFusion(folder.path), view);
    } catch (error) {
      await folder.close();
      throw error;
    }
  }

  /** The state that is read now. */
  get view(): CollectionView {
    return this.#view;
  }

  /** Whether words rank here, too. */
  get retrievers(): 'vectors' | 'hybrid' {
    return this.folder.store.terms === undefined ? 'vectors' : 'hybrid';
  }

  /**
   * Reads one state. The database must be asked before `asked` is called, or not at all; what else the view gives may be read until the end. Where another process changes the collection meanwhile, it is
   * read again, as it is then.
   *
   * @throws CemError `COLLECTION_CHANGING` where changes come faster than it is read
   */
  async read<Result>(body: (view: CollectionView, asked: () => void) => Promise<Result>): Promise<Result> {
    const { folder } = this;
    if (!folder.isShared) return this.#readView(body);
    const start = performance.now();
    for (let attempt = 0; attempt < ATTEMPTS || performance.now() - start < READING_MS; attempt++) {
      await this.refresh();
      let token: string | undefined;
      const result = await this.#readView((view, asked) => {
        token = view.parts.token;
        return body(view, asked);
      }).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      );
      if (await folder.isAt(token)) {
        if ('error' in result) throw result.error;
        return result.value;
      }
      await wait(PAUSE_MS * Math.min(attempt, ATTEMPTS));
    }
    throw changing(folder.path);
  }

  /** Shows what another process made of a shared collection, where one did. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const { folder } = this;
    if (!folder.isShared || (await folder.isAt(this.#view.parts.token))) return;
    // What this process commits shows itself.
    const done = await this.#gate.share();
    try {
      if (await folder.isAt(this.#view.parts.token)) return;
      await folder.refresh();
      this.#show(await viewOf(folder));
    } finally {
      done();
    }
  }

  async #readView<Result>(body: (view: CollectionView, asked: () => void) => Promise<Result>): Promise<Result> {
    const asked = await this.#gate.share();
    const view = this.#view;
    const leave = view.enter();
    try {
      return await body(view, asked);
    } finally {
      asked();
      leave();
    }
  }

  /** Changes the collection when no other process does; what the last one left is what is read then. */
  inTurn<Result>(body: () => Promise<Result>): Promise<Result> {
    const { folder } = this;
    return folder.inTurn(async () => {
      await this.refresh();
      try {
        return await body();
      } finally {
        // What counts, counts: the folder is put in order before the next change, too.
        if (folder.isShared) await folder.settle().catch(() => undefined);
      }
    });
  }

  /** Commits when nobody asks the database, and shows what is then. */
  async change<Result>(commit: () => Promise<{ readonly view: CollectionView; readonly result: Result }>): Promise<Result> {
    return this.#gate.alone(async () => {
      const { view, result } = await commit();
      this.#show(view);
      return result;
    });
  }

  /** Shows the same state with its files opened anew, which were merged, or with another list of sources. */
  async reopen(sources: CollectionSources = this.#view.parts.sources): Promise<void> {
    const { state } = this.#view.parts;
    const { token } = this.folder;
    this.#show(new CollectionView({ ...this.#view.parts, token, sources, corpus: await this.#openCorpus(state) }));
  }

  async #openCorpus(state: CollectionState | undefined): Promise<SegmentedCorpus | undefined> {
    if (this.folder.isShared) return this.folder.openCorpus();
    return state && SegmentedCorpus.open(this.folder.corpusPath, { state: state.corpus });
  }

  #show(view: CollectionView): void {
    const retiring = this.#view.retire().finally(() => this.#retiring.delete(retiring));
    this.#retiring.add(retiring);
    retiring.catch(() => undefined);
    this.#view = view;
  }

  /**
   * What ranks, and what encodes queries for it. Throws what `openQueryEncoder` throws.
   *
   * @param wanted undefined: all that there is
   */
  ranking(wanted: RetrieverChoice | undefined): Promise<Ranking> {
    const { folder, models } = this;
    const { retrievers } = searchingBy({ retrievers: wanted }, this.#chosen);
    return encoderOrWords(retrievers, folder.store.terms !== undefined, () => models.queryEncoder(folder));
  }

  /**
   * A searcher of a view whose collection was ever filled, for one search.
   *
   * @param asked called when the ranking is done, after which the database is not asked any more
   * @throws UsageError `INDEX_NO_TERMS`
   */
  async searcher(
    view: CollectionView,
    { retrievers, encoder, field }: Ranking & { readonly field?: Around | undefined },
    asked: () => void,
  ): Promise<Searcher> {
    const { state, corpus } = view.parts;
    const lexical = retrievers === 'vectors' ? undefined : await this.#lexicalRetriever();
    const { around = [], aroundVectors } = queryParts({}, view.rules, field);
    return collectionSearcher({
      collection: this.folder,
      state: state!,
      corpus: corpus!,
      retrievers,
      encoder,
      lexical,
      fusion: searchingBy({}, this.#chosen).fusion,
      around: [...around, (inner) => new TellingRetriever(inner, asked)],
      aroundVectors,
      close: async () => undefined,
    });
  }

  /** Ranks by words; undefined where no terms are kept. */
  async lexical(): Promise<Retriever | undefined> {
    return this.folder.store.terms === undefined ? undefined : this.#lexicalRetriever();
  }

  /**
   * Ranks anew by vector groups; undefined where that is not asked for.
   *
   * @throws UsageError `GROUPS_MISSING`; CemError `GROUPS_OTHER_ENCODER`; as `openGroupEncoder`
   */
  async field(options: FieldOptions | undefined): Promise<Around | undefined> {
    if (options === undefined) return undefined;
    const { folder, models } = this;
    const settings = await requireGroups(folder);
    return fieldAround(folder.store, settings, await models.queryGroups(folder, settings), options);
  }

  #lexicalRetriever(): Promise<Retriever> {
    const { path, store } = this.folder;
    this.#lexical ??= openLexicalRetriever({ path, terms: store.terms });
    this.#lexical.catch(() => {
      this.#lexical = undefined;
    });
    return this.#lexical;
  }

  /** What units are measured by. */
  unitTools(): Promise<UnitTools> {
    this.#tools ??= unitTools(this.folder.manifest, this.settings).then((tools) =>
      this.#opened.add(tools, async (part) => {
        await part[Symbol.asyncDispose]();
      }),
    );
    this.#tools.catch(() => {
      this.#tools = undefined;
    });
    return this.#tools;
  }

  /** What the folder takes on the disk. */
  async bytes(): Promise<number> {
    const view = this.#view;
    if (this.#bytes?.view !== view)
      this.#bytes = { view, bytes: this.folder.sharedBytes + (await folderBytes(this.folder.path)) };
    return this.#bytes.bytes;
  }

  /** When nobody reads any more. */
  async close(): Promise<void> {
    const view = this.#view;
    await Promise.all([view.retire(), ...this.#retiring]);
    await this.#opened.close();
    const { state, version } = view.parts;
    if (state !== undefined) {
      const { documents: units, passages, corpus } = state;
      const summary = { state: corpus, documents: view.documents, units, passages, changes: version };
      // It only spares the next one who lists collections a look into the database.
      await writeSummary(this.folder.path, { ...summary, bytes: await this.bytes() }).catch(() => undefined);
    }
    await this.folder.close();
  }
}

/** What a folder has now. */
async function viewOf(folder: CollectionFolder): Promise<CollectionView> {
  const [last] = await folder.changes({ limit: 1 });
  const { token, state } = folder;
  return new CollectionView({
    token,
    state,
    corpus: await folder.openCorpus(),
    sources: await folder.sources(),
    version: last?.version ?? 0,
    at: last?.at,
  });
}

/** Tells when the ranking is done, or has failed. */
class TellingRetriever implements Retriever {
  readonly name: string;
  readonly #inner: Retriever;
  readonly #tell: () => void;

  constructor(inner: Retriever, tell: () => void) {
    this.name = inner.name;
    this.#inner = inner;
    this.#tell = tell;
  }

  async search(queries: readonly string[], options: SearchOptions): ReturnType<Retriever['search']> {
    try {
      return await this.#inner.search(queries, options);
    } finally {
      this.#tell();
    }
  }
}

/** Bytes of all files below a folder; what goes while it is looked at is passed over. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
