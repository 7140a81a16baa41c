import { randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { exists, isCemError, type Listener, messageOf, silentListener, UsageError } from '../../base/index.ts';
import type { ParseLimits } from '../../ingest/index.ts';
import {
  CODES_MEMORY,
  COLLECTION_FILE,
  CollectionFolder,
  joinCollection,
  keepHead,
  listedState,
  type QueryEncoderChoice,
  readSummary,
  type StoreAccess,
  shareHeadOf,
} from '../../rag/index.ts';
import type { TierCounts } from '../../search/index.ts';
import { checkTiers } from '../../search/postgres/index.ts';
import { type CollectionChoices, makingOptions } from '../ingest/collection-making.ts';
import { settingsOfCollection } from '../ingest/ingest-options.ts';
import type { OnBackend } from '../shared/backend.ts';
import { checkpointForLanguage, checkpointOrDefault } from '../shared/default-checkpoint.ts';
import { given } from '../shared/given.ts';
import { modelOf } from '../shared/index-model.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import { recognitionFolder } from '../shared/recognition-folder.ts';
import { CollectionModels } from './collection-models.ts';
import { LiveCollection, missing, summaryOf } from './live-collection.ts';
import type { CollectionSummary } from './live-types.ts';
import { folderBytes } from './opened-collection.ts';
import { TierTotals } from './tier-totals.ts';

export interface CollectionsOptions extends OnBackend {
  /** Each collection is a folder in it; made where there is none. */
  readonly folder: string;
  /** Of new collections: a checkpoint's folder or a run's; CEM_CHECKPOINT, else the one that comes with the package, unless given. */
  readonly checkpoint?: string | undefined;
  /** PostgreSQL with pgvector, of new collections and with its password of those that lie in it; without it new ones have embedded databases. */
  readonly database?: string | undefined;
  /** `s3://BUCKET/PREFIX`: new collections have their segments under `PREFIX/NAME`, and those that other machines made there are served, too; with `database`. */
  readonly segments?: string | undefined;
  /** Folder in which teachers are looked up before the hub. */
  readonly models?: string | undefined;
  /** Who encodes queries; by default the teacher where it is on this machine, else the query student where the checkpoint has one. */
  readonly queries?: QueryEncoderChoice | undefined;
  /** Bytes that the codes of one collection's binary vectors may take of this process's memory; 512 MiB unless given. */
  readonly codesMemory?: number | undefined;
  /** Keeps the codes of the passages that searches find most in that memory, where not all of a collection's fit (`StoreAccess` of rag/). */
  readonly tiers?: StoreAccess['tiers'] | undefined;
  /** What one document may take while it is parsed. */
  readonly limits?: Partial<ParseLimits> | undefined;
  /** Collections that are open at once, 16 unless given: of those that nobody uses the one used longest ago is closed before another is opened. */
  readonly mostOpen?: number | undefined;
  /** Seconds after which a collection is closed that nobody used; 600 unless given. */
  readonly idleSeconds?: number | undefined;
  readonly listener?: Listener | undefined;
}

/** As `cem ingest` has them. */
export interface CreateSettings extends CollectionChoices {
  /** A checkpoint's folder or a run's. */
  readonly checkpoint?: string | undefined;
  /** Of the documents that will come, ISO 639: where no checkpoint is named, neither here nor for all, it is the one of that language that comes with the package. */
  readonly language?: string | undefined;
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const LANGUAGE = /^[a-z]{2,3}$/;
/** What a collection is called that is being deleted: hidden, and no name of one. */
const TRASH = /^\.deleted-/;
const MOST_OPEN = 16;
const IDLE_SECONDS = 600;
const LOOK_SECONDS = 10;

/**
 * The collections in a folder, searched and changed by this process. One is opened when it is first used; as long as it is open, no other process has it.
 */
export class Collections implements AsyncDisposable {
  readonly folder: string;
  readonly #options: CollectionsOptions;
  readonly #models: CollectionModels;
  readonly #listener: Listener;
  readonly #live = new Map<string, LiveCollection>();
  readonly #tiers = new TierTotals();
  /** Names that are being created or deleted. */
  readonly #busy = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #address: string | undefined;

  private constructor(options: CollectionsOptions) {
    const { listener = silentListener, backend, queries, limits, idleSeconds = IDLE_SECONDS } = options;
    this.folder = resolve(options.folder);
    this.#options = options;
    this.#listener = listener;
    const models = modelsFolder(options.models);
    const recognition = recognitionFolder(undefined, models);
    this.#models = new CollectionModels({ backend, models, queries, limits, recognition, listener });
    this.#timer = setInterval(() => void this.#closeIdle(idleSeconds), Math.min(idleSeconds, LOOK_SECONDS) * 1000);
    this.#timer.unref();
  }

  /**
   * Opens the folder, makes it where there is none, and finishes deletions that a kill interrupted; no collection is opened.
   *
   * @throws UsageError `VECTOR_TIERS`
   */
  static async open(options: CollectionsOptions): Promise<Collections> {
    if (options.tiers !== undefined) checkTiers(options.tiers);
    await mkdir(options.folder, { recursive: true });
    const collections = new Collections(options);
    await collections.#emptyTrash();
    return collections;
  }

  /** Says at which URL this process serves them: processes that want to open a collection while it is open here are told. */
  servedAt(address: string): void {
    this.#address = address;
  }

  /** Queries whose vectors were remembered so far, and those that were encoded. */
  get queryCache(): { readonly hits: number; readonly misses: number } {
    return this.#models.queryCache;
  }

  /** What became of hot passages of all collections; undefined where none has tiers. */
  get tiers(): TierCounts | undefined {
    return this.#tiers.counts;
  }

  /** Every collection, in the order of their names. Those that are not open and changed since they were closed last are opened to be counted. */
  async list(): Promise<CollectionSummary[]> {
    const names = (await readdir(this.folder, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory() && NAME.test(entry.name))
      .map(({ name }) => name)
      .sort();
    const summaries: CollectionSummary[] = [];
    for (const name of names) {
      const summary = this.#busy.has(name) ? undefined : await this.#summary(name);
      if (summary !== undefined) summaries.push(summary);
    }
    return summaries;
  }

  /**
   * Makes a collection, without documents.
   *
   * @throws UsageError `COLLECTION_NAME`, `COLLECTION_EXISTS`, `COLLECTION_LANGUAGE`, `CHECKPOINT_NEEDED`, `UNIT_OPTIONS`; what `loadStudent` and `CollectionFolder.openForWriting` throw
   */
  async create(name: string, settings: CreateSettings = {}): Promise<CollectionSummary> {
    checkName(name);
    return this.#alone(name, async () => {
      if (await this.#isThere(name)) {
        const message = `there is a collection ${name} already: use it, or take another name`;
        throw new UsageError('COLLECTION_EXISTS', message, { details: { name } });
      }
      const segments = this.#segmentsOf(name);
      const making = await makingOptions({ ...settings, ...given({ segments }) });
      const student = await this.#models.student(await this.#checkpointFor(settings));
      await this.#makeRoom();
      const model = modelOf(student, modelsFolder(this.#options.models));
      const folder = await CollectionFolder.openForWriting(this.#pathOf(name), model, {
        ...making,
        // It is searched as soon as something was put.
        codesMemory: this.#options.codesMemory ?? CODES_MEMORY,
        ...given({
          tiers: this.#options.tiers,
          database: this.#options.database,
          segments,
          queryStudent: student.query,
          address: this.#address,
        }),
      });
      await folder.endTurn();
      const { groups } = settings;
      if (groups?.head !== undefined)
        await keepHead(folder.path, settingsOfCollection(folder.path, folder.manifest.settings).groups?.head, groups.head);
      await shareHeadOf(folder, groups?.head);
      const live = this.#liveOf(name);
      live.adopt(folder);
      const { index: _, ...summary } = await live.describe();
      return summary;
    });
  }

  /**
   * Removes a collection, when what waits for it is done. It is moved out of the way first: a kill leaves it whole, or to be removed when the folder is opened next.
   *
   * @throws UsageError `COLLECTION_NAME`, `COLLECTION_MISSING`; CemError `FOLDER_LOCKED` while another process has it
   */
  async delete(name: string): Promise<void> {
    checkName(name);
    await this.#alone(name, async () => {
      if (!(await this.#isThere(name))) throw missing(name);
      const live = this.#live.get(name);
      this.#live.delete(name);
      await live?.retire();
      const trash = join(this.folder, `.deleted-${name}-${randomBytes(6).toString('hex')}`);
      await CollectionFolder.remove(this.#pathOf(name), trash, this.#access());
    });
  }

  /**
   * A collection. It is opened when it is first used, and the same object serves all who ask for it.
   *
   * @throws UsageError `COLLECTION_NAME`, `COLLECTION_MISSING`
   */
  async get(name: string): Promise<LiveCollection> {
    checkName(name);
    const live = this.#live.get(name);
    if (live !== undefined && !this.#busy.has(name)) return live;
    if (this.#busy.has(name) || !(await this.#isThere(name))) throw missing(name);
    return this.#liveOf(name);
  }

  /** Closes all collections, when what waits for them is done. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#live.values()].map((live) => live.close()));
    await this.#models.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The checkpoint that is named, else the one of the language that the documents will have; with none that is known, the default one. */
  async #checkpointFor({ checkpoint = this.#options.checkpoint, language }: CreateSettings): Promise<string> {
    if (language !== undefined && !LANGUAGE.test(language)) {
      const message = `${JSON.stringify(language.slice(0, 100))} is no language: give its code of ISO 639, as en or zh`;
      throw new UsageError('COLLECTION_LANGUAGE', message, { details: { language: language.slice(0, 100) } });
    }
    if (checkpoint !== undefined || language === undefined) return checkpointOrDefault(checkpoint);
    const { path, note } = await checkpointForLanguage(async () => ({ language }));
    this.#listener.note(note);
    return path;
  }

  #pathOf(name: string): string {
    return join(this.folder, name);
  }

  /** Whether the folder has it; one that another machine made is joined. */
  async #isThere(name: string): Promise<boolean> {
    if (await exists(join(this.#pathOf(name), COLLECTION_FILE))) return true;
    const segments = this.#segmentsOf(name);
    return segments !== undefined && (await joinCollection(this.#pathOf(name), segments, this.#options.database)) !== undefined;
  }

  #segmentsOf(name: string): string | undefined {
    const { segments } = this.#options;
    return segments === undefined ? undefined : `${segments.replace(/\/+$/, '')}/${name}`;
  }

  #access(): { readonly database?: string } {
    return given({ database: this.#options.database });
  }

  #liveOf(name: string): LiveCollection {
    const known = this.#live.get(name);
    if (known !== undefined) return known;
    const live = new LiveCollection({
      name,
      path: this.#pathOf(name),
      models: this.#models,
      listener: this.#listener,
      database: this.#options.database,
      codesMemory: this.#options.codesMemory,
      tiers: this.#options.tiers,
      totals: this.#tiers,
      address: () => this.#address,
      makeRoom: () => this.#makeRoom(),
    });
    this.#live.set(name, live);
    return live;
  }

  /** One creation or deletion of a name at a time. */
  async #alone<Result>(name: string, body: () => Promise<Result>): Promise<Result> {
    if (this.#busy.has(name)) {
      throw new UsageError('COLLECTION_BUSY', `the collection ${name} is being created or deleted: try again when that is done`, {
        details: { name },
      });
    }
    this.#busy.add(name);
    try {
      return await body();
    } finally {
      this.#busy.delete(name);
    }
  }

  /** Undefined for a folder that is no collection. */
  async #summary(name: string): Promise<CollectionSummary | undefined> {
    const path = this.#pathOf(name);
    const manifest = await CollectionFolder.manifestOf(path);
    if (manifest === undefined) return undefined;
    const live = this.#live.get(name);
    // What others changed since, files of this folder do not say.
    const counts = live?.isOpen || manifest.segments !== undefined ? undefined : await storedCounts(path);
    if (counts !== undefined) return summaryOf(name, { path, manifest }, counts);
    try {
      const { index: _, ...summary } = await this.#liveOf(name).describe();
      return summary;
    } catch (error) {
      if (!isCemError(error)) throw error;
      const { code, message } = error;
      const unknown = { documents: 0, units: 0, passages: 0, bytes: await folderBytes(path), version: 0 };
      return { ...(await summaryOf(name, { path, manifest }, unknown)), problem: { code, message } };
    }
  }

  /** Before one more is opened. */
  async #makeRoom(): Promise<void> {
    const { mostOpen = MOST_OPEN } = this.#options;
    const open = [...this.#live.values()].filter(({ isOpen }) => isOpen);
    const idle = open
      .flatMap((live) => (live.idleSince === undefined ? [] : [{ live, since: live.idleSince }]))
      .sort((left, right) => left.since - right.since);
    // The one that is being opened counts as open.
    await Promise.all(idle.slice(0, Math.max(0, open.length - mostOpen)).map(({ live }) => live.close()));
  }

  async #closeIdle(seconds: number): Promise<void> {
    for (const live of this.#live.values()) {
      const { idleSince } = live;
      if (idleSince !== undefined && performance.now() - idleSince > seconds * 1000) await live.close();
    }
  }

  async #emptyTrash(): Promise<void> {
    for (const name of await readdir(this.folder)) {
      if (!TRASH.test(name)) continue;
      const path = join(this.folder, name);
      await CollectionFolder.remove(path, path, this.#access()).catch((error: unknown) => {
        this.#listener.note(`${path} is of a deleted collection and was not removed: ${messageOf(error)}`);
      });
    }
  }
}

/** Counts of a collection that is not open, where its files tell that they are right. */
async function storedCounts(path: string): Promise<Parameters<typeof summaryOf>[2] | undefined> {
  const [state, summary] = [await listedState(path), await readSummary(path)];
  // Nothing was ever begun with it.
  if (state === undefined && !(await exists(join(path, 'corpus'))))
    return { documents: 0, units: 0, passages: 0, bytes: await folderBytes(path), version: 0 };
  if (state === undefined || summary?.state !== state) return undefined;
  const { documents, units, passages, bytes, changes: version } = summary;
  return { documents, units, passages, bytes, version };
}

/** @throws UsageError `COLLECTION_NAME` */
function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new UsageError(
    'COLLECTION_NAME',
    `${JSON.stringify(name.slice(0, 100))} cannot name a collection: use 1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter or a digit`,
    { details: { name: name.slice(0, 100) } },
  );
}
