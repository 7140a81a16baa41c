import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Listener, messageOf, UsageError } from '../../base/index.ts';
import { compactCorpus, segmentsToMerge } from '../../data/index.ts';
import type { ImageEncoder, Vectors } from '../../encoders/index.ts';
import {
  type ChangeEntry,
  COLLECTION_FILE,
  CollectionFolder,
  describeCollection,
  type NotedResults,
  type SearchResult,
  type StoreAccess,
  searchWithNote,
} from '../../rag/index.ts';
import {
  embedQueries,
  type PictureChoice,
  type PictureResult,
  readPictureChoice,
  searchForPictures,
} from '../../rag/pictures/index.ts';
import type { PictureQuery } from '../../search/pictures/index.ts';
import { given } from '../shared/given.ts';
import { applyChanges } from './apply-changes.ts';
import { ChangeQueue } from './change-queue.ts';
import type { CollectionModels } from './collection-models.ts';
import { isHidden, sourceTaken } from './hidden-entries.ts';
import type {
  AccessLabels,
  ChangeOptions,
  ChangeResult,
  CollectionSummary,
  DescribedCollection,
  DocumentSummary,
  DocumentsChange,
  DocumentsWanted,
  LiveDocument,
  LiveFigure,
  LivePictureOptions,
  LiveSearchOptions,
  LiveUnit,
} from './live-types.ts';
import { OpenedCollection } from './opened-collection.ts';
import { type PreparedChange, prepareChange } from './prepare-change.ts';
import { listDocuments, permitted, readDocument, readFigure, readUnit } from './read-documents.ts';
import type { TierTotals } from './tier-totals.ts';
import { Uploads } from './uploads.ts';

const CHANGES_LISTED = 100;

export interface LiveCollectionParts {
  readonly name: string;
  readonly path: string;
  readonly models: CollectionModels;
  readonly listener: Pick<Listener, 'note'>;
  /** A PostgreSQL server's URL, with its password. */
  readonly database: string | undefined;
  readonly codesMemory: number | undefined;
  readonly tiers: StoreAccess['tiers'] | undefined;
  /** Counts what becomes of hot passages. */
  readonly totals: TierTotals;
  /** URL at which this process serves it, where it does. */
  readonly address: () => string | undefined;
  /** Called before the collection is opened, which takes memory: others may be closed. */
  readonly makeRoom: () => Promise<void>;
}

/**
 * A collection that is searched while it changes. It is opened when it is first used, stays open, and may be closed by its owner while nobody uses it: then it is opened again. While it is open no other process has it.
 */
export class LiveCollection {
  readonly name: string;
  readonly #parts: LiveCollectionParts;
  readonly #changes: ChangeQueue<PreparedChange, ChangeResult>;
  #opening: Opening | undefined;
  #closing: Promise<void> = Promise.resolve();
  #lastUsed = 0;
  #deleted = false;

  constructor(parts: LiveCollectionParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#changes = new ChangeQueue({
      apply: (changes) => this.#apply(changes),
      afterwards: () => this.#putInOrder(),
    });
  }

  /** When it was used last, as `performance.now()` has it; undefined while it is in use or not open. */
  get idleSince(): number | undefined {
    return this.#opening !== undefined && this.#opening.users === 0 && this.#changes.isIdle ? this.#lastUsed : undefined;
  }

  get isOpen(): boolean {
    return this.#opening !== undefined;
  }

  /** What it holds, and what made it. Throws what opening it throws, as all do here. */
  describe(): Promise<DescribedCollection> {
    return this.#use(async (opened) => {
      const { folder, retrievers, view } = opened;
      const { documents: units = 0, chunks = 0, passages = 0 } = view.parts.state ?? {};
      const bytes = await opened.bytes();
      const summary = await summaryOf(this.name, folder, {
        documents: view.documents,
        units,
        passages,
        bytes,
        version: view.parts.version,
      });
      return { ...summary, index: describeCollection(folder, { documents: units, chunks, passages }, { retrievers }) };
    });
  }

  /**
   * The best k units that the asker may see, of the state that there is when the search begins to rank.
   *
   * @throws UsageError as `Searcher.search`, `INDEX_NO_TERMS`; the signal's reason
   */
  async search(query: string, options: LiveSearchOptions): Promise<SearchResult[]> {
    return [...(await this.searchWithNote(query, options)).results];
  }

  /** As `search`, and says in words for people why nothing was found where nothing was. */
  searchWithNote(query: string, { labels, filter, retrievers, field, ...options }: LiveSearchOptions): Promise<NotedResults> {
    return this.#use(async (opened) => {
      if (opened.view.parts.state === undefined) return EMPTY;
      // What encodes queries may have to be loaded, for which nobody who commits should wait.
      const ranking = { ...(await opened.ranking(retrievers)), field: await opened.field(field) };
      return opened.read(async (view, asked) => {
        const searcher = await opened.searcher(view, ranking, asked);
        return searchWithNote(searcher, query, { ...options, filter: permitted(filter, labels) });
      });
    });
  }

  /**
   * Figures that the asker may see, by words, a picture, or both.
   *
   * @throws UsageError `PICTURES_NONE` where no pictures were encoded; as `searchForPictures` and `openImages`
   */
  searchPictures(query: PictureQuery, { labels, filter, ...options }: LivePictureOptions): Promise<PictureResult[]> {
    return this.#use(async (opened) => {
      if (opened.view.parts.state === undefined) return [];
      const { choice, encoder } = await this.#pictures(opened);
      const ranking = await opened.ranking(undefined);
      return opened.read(async (view, asked) => {
        const searcher = await opened.searcher(view, ranking, asked);
        const parts = {
          searcher,
          store: opened.folder.store,
          embedder: ranking.encoder?.embedder,
          lexical: await opened.lexical(),
        };
        return searchForPictures(parts, encoder, choice, query, { ...options, filter: permitted(filter, labels) });
      });
    });
  }

  /**
   * Vectors of texts, pictures, or both together, of what encoded the collection's pictures: [queries, dimension].
   *
   * @throws as `searchPictures`
   */
  embedPictures(queries: readonly PictureQuery[]): Promise<Vectors> {
    return this.#use(async (opened) => embedQueries((await this.#pictures(opened)).encoder, queries));
  }

  async #pictures(opened: OpenedCollection): Promise<{ readonly choice: PictureChoice; readonly encoder: ImageEncoder }> {
    const choice = await readPictureChoice(opened.folder.store);
    if (choice !== undefined) return { choice, encoder: await opened.models.imageEncoder(choice.encoder) };
    throw new UsageError(
      'PICTURES_NONE',
      `the pictures of the collection ${this.name} have no vectors: they are made by cem ingest --images ENCODER`,
      { details: { collection: this.name } },
    );
  }

  /**
   * A page of the documents that the asker may see something of, in the order of their ids.
   *
   * @returns next: `after` of the next page; absent: there is none
   * @throws UsageError `DOCUMENTS_LIMIT`
   */
  documents(wanted: DocumentsWanted): Promise<{ readonly documents: DocumentSummary[]; readonly next?: string }> {
    return this.#use((opened) => listDocuments(opened, wanted));
  }

  /** A document with the units of it that the asker may see; undefined where there is none. */
  document(id: string, labels: AccessLabels): Promise<LiveDocument | undefined> {
    return this.#use((opened) => readDocument(opened, id, labels));
  }

  /** A unit, if there is such a one and the asker may see it. */
  unit(id: string, labels: AccessLabels): Promise<LiveUnit | undefined> {
    return this.#use((opened) => readUnit(opened, id, labels));
  }

  /** The picture of a figure, by the unit that describes it, if the asker may see that and the picture is stored. @throws CemError `FIGURE_DAMAGED` */
  figure(unit: string, labels: AccessLabels): Promise<LiveFigure | undefined> {
    return this.#use((opened) => readFigure(opened, unit, labels));
  }

  /**
   * Puts and removes documents. It resolves when the change counts: the next search finds it, and it is there after a kill. Changes that wait for another are taken together. A document that cannot be read is
   * reported in its result, and the others go in.
   *
   * @throws UsageError `SOURCE_TAKEN` where it would replace what the asker may not see; what opening, parsing, packing and committing throw that is none of a document's; nothing of the change is there then. The signal's reason, where the change's turn had not come
   */
  change(change: DocumentsChange, options: ChangeOptions = {}): Promise<ChangeResult> {
    const { put = [], remove = [] } = change;
    const byId = remove.some((wanted) => 'document' in wanted);
    const sources = [...put, ...remove].flatMap((wanted) => ('source' in wanted ? [wanted.source] : []));
    return this.#changes.add(() => this.#use((opened) => prepareChange(opened, change, options)), {
      touches: byId ? 'all' : new Set(sources),
      signal: options.signal,
    });
  }

  /**
   * Says before a change, as things stand, that it would replace what the asker may not see; the change itself says so by what there is when its turn comes.
   *
   * @throws UsageError `SOURCE_TAKEN`
   */
  checkReplaced(sources: readonly string[], labels: AccessLabels): Promise<void> {
    return this.#use((opened) =>
      opened.read(async (view) => {
        const uploads = new Uploads(view.parts.sources.roots);
        for (const source of sources) {
          const entry = view.byPath.get(uploads.pathOf(source));
          if (entry !== undefined && (await isHidden(opened, entry, labels))) throw sourceTaken(source);
        }
      }),
    );
  }

  /** The change log, newest first: 100 entries unless `limit` says otherwise, of versions below `before`. */
  changes({
    before,
    limit = CHANGES_LISTED,
  }: {
    readonly before?: number | undefined;
    readonly limit?: number | undefined;
  } = {}): Promise<ChangeEntry[]> {
    return this.#use((opened) => opened.read(() => opened.folder.changes({ before, limit })));
  }

  /** Takes over a folder that was just made and is open. */
  adopt(folder: CollectionFolder): void {
    this.#begin(OpenedCollection.take(folder, this.#parts.models));
  }

  /** Closes it when nobody uses it; another use opens it again. */
  async close(): Promise<void> {
    await this.#changes.idle();
    await this.#discard();
  }

  /** The same for good, once what waits is done. */
  async retire(): Promise<void> {
    this.#deleted = true;
    await this.close();
  }

  async #use<Result>(body: (opened: OpenedCollection) => Promise<Result>): Promise<Result> {
    const opening = this.#opening ?? this.#open();
    opening.users++;
    try {
      const opened = await opening.opened;
      await opened.refresh();
      return await body(opened);
    } finally {
      opening.users--;
      this.#lastUsed = performance.now();
      if (opening.users === 0) opening.onIdle();
    }
  }

  #open(): Opening {
    const { path, models, database, codesMemory, tiers, address, makeRoom } = this.#parts;
    const opened = this.#closing.then(async () => {
      if (this.#deleted) throw missing(this.name);
      await makeRoom();
      const access = given({ database, codesMemory, tiers, address: address() });
      return OpenedCollection.take(await CollectionFolder.openLive(path, access), models);
    });
    return this.#begin(opened);
  }

  #begin(opened: Promise<OpenedCollection>): Opening {
    const opening: Opening = { opened, users: 0, onIdle: () => undefined };
    this.#opening = opening;
    this.#lastUsed = performance.now();
    opened.then(
      ({ folder }) => this.#parts.totals.opened(folder.store),
      () => {
        if (this.#opening === opening) this.#opening = undefined;
      },
    );
    return opening;
  }

  /** Closes what is open when nobody uses it any more. Who comes meanwhile waits, and opens it anew. */
  async #discard(): Promise<void> {
    const opening = this.#opening;
    if (opening === undefined) return this.#closing;
    this.#opening = undefined;
    const close = async (): Promise<void> => {
      const opened = await opening.opened.catch(() => undefined);
      if (opening.users > 0) {
        await new Promise<void>((resolve) => {
          opening.onIdle = resolve;
        });
      }
      await opened?.close();
      if (opened !== undefined) this.#parts.totals.closed(opened.folder.store);
    };
    this.#closing = this.#closing
      .then(close)
      .catch((error: unknown) => this.#parts.listener.note(`${this.name} was not closed in order: ${messageOf(error)}`));
    return this.#closing;
  }

  async #apply(changes: readonly PreparedChange[]): Promise<ChangeResult[]> {
    let isAsBefore = false;
    try {
      return await this.#use(async (opened) => {
        try {
          return await opened.inTurn(() => applyChanges(opened, changes));
        } catch (error) {
          isAsBefore = await opened.folder.isCurrent().catch(() => false);
          throw error;
        }
      });
    } catch (error) {
      // A database that may have committed and does not answer: what it has now it says when it is opened anew.
      if (!isAsBefore) await this.#discard();
      throw error;
    }
  }

  /** After changes: drops what the old state had, and merges small segments. What fails is done another time. */
  async #putInOrder(): Promise<void> {
    if (this.#opening === undefined) return;
    try {
      await this.#use(async (opened) => {
        const { folder } = opened;
        if (!folder.isShared) await folder.settle();
        const toMerge = (): number => (opened.view.parts.corpus ? segmentsToMerge(opened.view.parts.corpus) : 0);
        if (toMerge() === 0) return;
        await opened.inTurn(async () => {
          const last = toMerge();
          if (last === 0) return;
          await compactCorpus(folder.corpusPath, { last });
          await folder.keepMerged();
          await opened.reopen();
        });
      });
    } catch (error) {
      this.#parts.listener.note(`${this.name} was not put in order: ${messageOf(error)}`);
    }
  }
}

/** A collection that is open, or being opened, and how many use it. */
interface Opening {
  readonly opened: Promise<OpenedCollection>;
  users: number;
  onIdle: () => void;
}

const EMPTY: NotedResults = { results: [], note: 'the collection is empty' };

/** @throws UsageError `COLLECTION_MISSING` */
export function missing(name: string): UsageError {
  return new UsageError('COLLECTION_MISSING', `there is no collection ${JSON.stringify(name)}: create it first`, {
    details: { name },
  });
}

/** What is said of a collection: what its manifest says, and counts. */
export async function summaryOf(
  name: string,
  { path, manifest }: Pick<CollectionFolder, 'path' | 'manifest'>,
  counts: Pick<CollectionSummary, 'documents' | 'units' | 'passages' | 'bytes' | 'version'>,
): Promise<CollectionSummary> {
  const { checkpoint, teacher, analyzer } = manifest;
  const createdAt = await stat(join(path, COLLECTION_FILE)).then(
    ({ mtime }) => mtime.toISOString(),
    () => undefined,
  );
  return {
    name,
    ...counts,
    retrievers: analyzer === undefined ? 'vectors' : 'hybrid',
    checkpoint: checkpoint.hash,
    teacher: teacher.id,
    ...(createdAt !== undefined && { createdAt }),
  };
}
