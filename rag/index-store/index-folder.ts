import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CemError, exists, type FolderLock, lockFolder, shareFolder, syncFolder, UsageError } from '../../base/index.ts';
import type { QueryStudentFiles } from '../../checkpoints/index.ts';
import type { StoredAnalyzer, VectorCount, VectorIndex, VectorStore } from '../../search/index.ts';
import { isSameAnalyzer } from '../../search/lexical/index.ts';
import {
  databaseUrlWithoutPassword,
  type PgvectorStore,
  type SearchedBy,
  type StoreTerms,
  type VectorIndexRecall,
  type VectorPrecision,
} from '../../search/postgres/index.ts';
import {
  BUILDING_FILE,
  checkSameModel,
  INDEX_FILE,
  type IndexMakers,
  type IndexManifest,
  indexVersionOf,
  readIndexManifest,
  writeIndexManifest,
} from './index-manifest.ts';
import {
  checkSameDatabase,
  copyQueryStudent,
  DATABASE_FOLDER,
  isSameDatabase,
  openStore,
  type StoreAccess,
  type StoreOptions,
} from './open-store.ts';

const QUERY_FOLDER = 'query';
const ID_BYTES = 8;

export interface IndexWritingOptions extends Omit<StoreOptions, 'terms'> {
  /** The checkpoint's query student, which the index gets a copy of: searching needs neither teacher nor run folder then. */
  readonly queryStudent?: QueryStudentFiles;
  /** What cut the terms of the container, which the index is to keep for search by words; without it, it keeps none. */
  readonly analyzer?: StoredAnalyzer;
}

/**
 * An index on disk: `index.json`, `pgdata/` (unless the vectors lie in a server), `query/` where the checkpoint has a query student, and while processes have
 * it open `lock` or `lock.reader.…`. Until `close` it is this process's alone to write to, or shared with others that search: a search sees the state of the
 * last `finish`, never one that is being made.
 */
export class IndexFolder {
  readonly path: string;
  readonly #store: PgvectorStore;
  readonly #lock: FolderLock;
  #manifest: IndexManifest;

  private constructor(path: string, store: PgvectorStore, lock: FolderLock, manifest: IndexManifest) {
    this.path = path;
    this.#store = store;
    this.#lock = lock;
    this.#manifest = manifest;
  }

  get store(): VectorStore {
    return this.#store;
  }

  /** Whether an earlier version made its tables, and nobody brought them to today's. */
  get isOutdated(): boolean {
    return this.#store.isOutdated;
  }

  /** The terms that it keeps, for search by words; undefined where it keeps none. */
  get terms(): StoreTerms | undefined {
    return this.#store.terms;
  }

  /** How the vectors are kept, and what searches go by. */
  get vectors(): { readonly precision: VectorPrecision; readonly vectorIndex: VectorIndex; readonly searchesBy: SearchedBy } {
    const { precision, vectorIndex, searchesBy } = this.#store;
    return { precision, vectorIndex, searchesBy };
  }

  get manifest(): IndexManifest {
    return this.#manifest;
  }

  /** Where the query student lies; undefined where the index has none. */
  get queryStudent(): QueryStudentFiles | undefined {
    const { queryStudent } = this.#manifest;
    return queryStudent && { folder: join(this.path, QUERY_FOLDER), hash: queryStudent.hash };
  }

  /**
   * What an index is made with, be it unfinished, and nothing opened.
   *
   * @throws UsageError `INDEX_MISSING`; FormatError `INDEX_FORMAT`
   */
  static async manifestOf(folder: string): Promise<IndexManifest> {
    const path = resolve(folder);
    const manifest = (await readIndexManifest(path, INDEX_FILE)) ?? (await readIndexManifest(path, BUILDING_FILE));
    if (manifest === undefined) throw await whyNoIndex(path);
    return manifest;
  }

  /**
   * Opens a finished index to search in it, beside others that do.
   *
   * @throws UsageError `INDEX_MISSING`; CemError `INDEX_INCOMPLETE`, `INDEX_OTHER_DATABASE`, `FOLDER_LOCKED` and what opening the store throws;
   *   FormatError `INDEX_FORMAT`
   */
  static async openForSearch(folder: string, options: StoreAccess = {}): Promise<IndexFolder> {
    const path = resolve(folder);
    // A folder that is no index gets no lock. One that is being made is refused by its lock first, which names who makes it.
    if (!(await exists(join(path, INDEX_FILE))) && !(await exists(join(path, BUILDING_FILE)))) throw await whyNoIndex(path);
    return locked(shareFolder, path, async (lock) => {
      const manifest = await readIndexManifest(path, INDEX_FILE);
      if (manifest === undefined) throw await whyNoIndex(path);
      const store = await openStore(path, manifest, options, { create: false, migrate: false });
      return new IndexFolder(path, store, lock, manifest);
    });
  }

  /**
   * Opens an index to write to it, and makes it where there is none. An index that is there must have been made by the same checkpoint and teacher;
   * when it was made from another container, or was not finished, it stops being searchable until `finish`. One in which nothing was stored is as good as none:
   * another checkpoint or database may take the folder.
   *
   * @throws CemError `INDEX_OTHER_CHECKPOINT`, `INDEX_OTHER_TEACHER`, `INDEX_DIMENSION`, `INDEX_OTHER_DATABASE`, `FOLDER_LOCKED` and what opening the store
   *   throws; FormatError `INDEX_FORMAT`; UsageError `INDEX_FOLDER` for a folder that holds something else
   */
  static async openForIndexing(folder: string, makers: IndexMakers, options: IndexWritingOptions = {}): Promise<IndexFolder> {
    const path = resolve(folder);
    const server = options.database === undefined ? undefined : databaseUrlWithoutPassword(options.database);
    await requireIndexOrEmpty(path);
    await mkdir(path, { recursive: true });
    return locked(lockFolder, path, async (lock) => {
      const finished = await readIndexManifest(path, INDEX_FILE);
      const known = finished ?? (await unfinishedIndex(path, server));
      if (known !== undefined) checkSameModel(path, known, makers);
      const fresh: Pick<IndexManifest, 'id' | 'store' | 'untouched'> = {
        id: randomBytes(ID_BYTES).toString('hex'),
        store: server === undefined ? { kind: 'pglite' } : { kind: 'postgres', url: server },
        untouched: true,
      };
      const { id, store: storeManifest } = known ?? fresh;
      checkSameDatabase(path, storeManifest, server);
      const { queryStudent, analyzer } = options;
      const manifest: IndexManifest = {
        version: indexVersionOf({ analyzer }),
        id,
        ...makers,
        ...(queryStudent && { queryStudent: { hash: queryStudent.hash } }),
        store: storeManifest,
        ...(analyzer && { analyzer }),
        documents: 0,
        chunks: 0,
        passages: 0,
      };
      const changes = finished?.zpkg.identity !== makers.zpkg.identity || !isSameAnalyzer(finished.analyzer, analyzer);
      if (changes) {
        // In this order a kill at any moment leaves either the old index or one that says it is unfinished.
        await writeIndexManifest(path, BUILDING_FILE, known === undefined ? { ...manifest, untouched: true } : manifest);
        await removeDurably(path, INDEX_FILE);
      }
      if (queryStudent) await copyQueryStudent(queryStudent, join(path, QUERY_FOLDER));
      // Whoever writes brings the terms of the container as it is now.
      const terms = analyzer === undefined ? 'none' : { analyzer, replace: true };
      const store = await openStore(path, manifest, { ...options, terms }, { create: changes, migrate: true });
      try {
        if (known === undefined) await writeIndexManifest(path, BUILDING_FILE, manifest);
      } catch (error) {
        await store.close();
        throw error;
      }
      return new IndexFolder(path, store, lock, manifest);
    });
  }

  /** Says that all vectors are in: from now on the index can be searched. Builds the vector index first, where one is wanted. */
  async finish(counts: Pick<VectorCount, 'documents' | 'chunks' | 'passages'>): Promise<void> {
    await this.#store.finishWriting();
    const { documents, chunks, passages } = counts;
    this.#manifest = { ...this.#manifest, documents, chunks, passages };
    await writeIndexManifest(this.path, INDEX_FILE, this.#manifest);
    await removeDurably(this.path, BUILDING_FILE);
  }

  /** What an approximate vector index finds of the exact results, over some of its own vectors. */
  measureRecall(queries: number, k: number): Promise<VectorIndexRecall> {
    return this.#store.measureRecall(queries, k);
  }

  async close(): Promise<void> {
    try {
      await this.#store.close();
    } finally {
      await this.#lock.release();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function locked<Result>(
  take: (path: string) => Promise<FolderLock>,
  path: string,
  body: (lock: FolderLock) => Promise<Result>,
): Promise<Result> {
  const lock = await take(path);
  try {
    return await body(lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/**
 * What `building.json` says, unless nothing was stored: neither tables (it says so itself), nor a row where another database is asked for.
 *
 * @param asked the server that is asked for, without password
 */
async function unfinishedIndex(path: string, asked: string | undefined): Promise<IndexManifest | undefined> {
  const building = await readIndexManifest(path, BUILDING_FILE);
  if (building === undefined || building.untouched) return undefined;
  if (asked === undefined || isSameDatabase(building.store, asked) || !(await removeEmptyStore(path, building))) return building;
  return undefined;
}

/** Whether the store of an unfinished index was there, or is known not to be, and held no row. It is gone then. One that cannot be reached may hold rows. */
async function removeEmptyStore(path: string, manifest: IndexManifest): Promise<boolean> {
  try {
    const store = await openStore(path, manifest, {}, { create: false, migrate: true });
    try {
      if ((await store.count()).chunks > 0) return false;
      await store.drop();
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof CemError) || !['VECTOR_STORE_MISSING', 'DATABASE_MISSING'].includes(error.code)) return false;
  }
  if (manifest.store.kind === 'pglite') await rm(join(path, DATABASE_FOLDER), { recursive: true, force: true });
  return true;
}

async function removeDurably(folder: string, file: string): Promise<void> {
  await rm(join(folder, file), { force: true });
  await syncFolder(folder);
}

async function whyNoIndex(path: string): Promise<CemError> {
  if (await exists(join(path, BUILDING_FILE))) {
    return new CemError(
      'INDEX_INCOMPLETE',
      `the index ${path} is not finished; run \`cem index\` again with the same checkpoint and zpkg to finish it`,
      {
        details: { path },
      },
    );
  }
  return new UsageError(
    'INDEX_MISSING',
    `there is no index in ${path}; make one with \`cem index --checkpoint D --zpkg Z --index ${path}\``,
    { details: { path } },
  );
}

/** Only our own files may be there without a manifest: what a kill before the first manifest leaves. */
async function requireIndexOrEmpty(path: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new UsageError('INDEX_FOLDER', `${path} cannot be an index: ${(error as Error).message}`, {
      details: { path },
      cause: error,
    });
  }
  if (names.includes(INDEX_FILE) || names.includes(BUILDING_FILE)) return;
  const other = names.find((name) => !/^lock(\.|$)|^\.building\.json\..*\.tmp$/.test(name));
  if (other === undefined) return;
  throw new UsageError('INDEX_FOLDER', `${path} holds ${other}, so it is not an index; name a new or empty folder`, {
    details: { path, other },
  });
}
