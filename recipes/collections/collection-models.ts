import { resolve } from 'node:path';
import { isCemError, type Listener, messageOf } from '../../base/index.ts';
import type { LoadedStudent } from '../../checkpoints/index.ts';
import type { ImageEncoder, QueryGroupEncoder } from '../../encoders/index.ts';
import { type ParseLimits, ParseWorkers } from '../../ingest/index.ts';
import {
  BatchingEmbedder,
  type CollectionFolder,
  type OpenQueryEncoder,
  openQueryEncoder,
  openQueryGroups,
  type QueryEncoderChoice,
  RememberingEmbedder,
  type StoredGroupSettings,
} from '../../rag/index.ts';
import { type CollectionGroups, type GroupsSettings, groupConfigOf, openCollectionGroups } from '../ingest/unit-groups.ts';
import { openImages } from '../pictures/open-images.ts';
import type { OnBackend } from '../shared/backend.ts';
import { defaultCheckpoint } from '../shared/default-checkpoint.ts';
import { given } from '../shared/given.ts';
import { modelOf } from '../shared/index-model.ts';

/** What encodes queries and could not be had is looked for again after so long: the hub may be there by then. */
const RETRY_MS = 60_000;

export interface CollectionModelsOptions extends OnBackend {
  readonly models: string | undefined;
  readonly queries: QueryEncoderChoice | undefined;
  readonly limits: Partial<ParseLimits> | undefined;
  /** Folder of the models that read texts in pictures. */
  readonly recognition: string | undefined;
  readonly listener: Listener;
}

/** What the collections of a process share, each loaded when it is first needed and kept: checkpoints, what encodes queries, processes that parse. */
export class CollectionModels implements AsyncDisposable {
  readonly parsers: ParseWorkers;
  readonly #options: CollectionModelsOptions;
  readonly #students = new Map<string, Promise<LoadedStudent>>();
  readonly #groups = new Map<string, Promise<CollectionGroups>>();
  readonly #queryGroups = new Map<string, Promise<QueryGroupEncoder>>();
  readonly #queryEncoders = new Map<string, Promise<OpenQueryEncoder>>();
  readonly #imageEncoders = new Map<string, Promise<ImageEncoder>>();
  readonly #remembering: RememberingEmbedder[] = [];
  readonly #failures = new Map<string, { readonly error: unknown; readonly until: number }>();

  constructor(options: CollectionModelsOptions) {
    this.#options = options;
    this.parsers = new ParseWorkers({ recognition: options.recognition, ...given({ limits: options.limits }) });
  }

  /** Whether texts in pictures can be read. */
  get recognises(): boolean {
    return this.#options.recognition !== undefined;
  }

  /** The encoder of a checkpoint or a run. Throws as `loadStudent`. */
  student(checkpoint: string): Promise<LoadedStudent> {
    return once(this.#students, resolve(checkpoint), async () => {
      await this.#useBackend();
      const { loadStudent } = await import('../../checkpoints/index.ts');
      return loadStudent(checkpoint);
    });
  }

  /**
   * The encoder that made a collection's vectors; where it is not where it was any more, the default one, if it is the same.
   *
   * @param place where it lies, in place of where the collection says
   * @throws CemError `INDEX_OTHER_CHECKPOINT`, `INDEX_OTHER_TEACHER`, `INDEX_DIMENSION`; as `loadStudent`
   */
  async studentOf(collection: CollectionFolder, place?: string): Promise<LoadedStudent> {
    const path = place ?? collection.manifest.checkpoint.path;
    let student: LoadedStudent;
    try {
      student = await this.student(path);
    } catch (error) {
      const other = defaultCheckpoint();
      if (!isCemError(error) || other === undefined || resolve(other) === resolve(path)) throw error;
      student = await this.student(other);
    }
    collection.checkModel(modelOf(student, undefined));
    return student;
  }

  /** What makes the vector groups of a collection. Throws as `openCollectionGroups`. */
  groups(collection: CollectionFolder, settings: GroupsSettings): Promise<CollectionGroups> {
    const { models } = this.#options;
    const { manifest } = collection;
    const key = JSON.stringify([groupConfigOf(settings, manifest), settings.head, models ?? manifest.teacher.models]);
    return once(this.#groups, key, () => openCollectionGroups(collection, settings, models));
  }

  /** What makes the vector groups of queries as a collection's were made. Throws as `openQueryGroups`. */
  queryGroups({ path }: CollectionFolder, settings: StoredGroupSettings): Promise<QueryGroupEncoder> {
    const { models } = this.#options;
    const key = JSON.stringify([settings.config, settings.description, models ?? settings.models]);
    return once(this.#queryGroups, key, () => openQueryGroups(path, settings, models));
  }

  /** What encodes the queries of a collection. One that cannot be had is not looked for again at once. Throws as `openQueryEncoder`. */
  async queryEncoder(collection: CollectionFolder): Promise<OpenQueryEncoder> {
    const { teacher } = collection.manifest;
    const key = JSON.stringify([teacher, collection.queryStudent?.hash]);
    const failure = this.#failures.get(key);
    if (failure !== undefined && performance.now() < failure.until) throw failure.error;
    return once(this.#queryEncoders, key, async () => {
      const { models, queries, listener } = this.#options;
      const encoder = await openQueryEncoder(collection, {
        ...given({ models, queries }),
        note: (line) => listener.note(line),
        beforeQueryStudent: () => this.#useBackend(),
      }).catch((error: unknown) => {
        listener.note(`nothing encodes queries: ${messageOf(error)}`);
        this.#failures.set(key, { error, until: performance.now() + RETRY_MS });
        throw error;
      });
      const embedder = new RememberingEmbedder(new BatchingEmbedder(encoder.embedder));
      this.#remembering.push(embedder);
      return { ...encoder, embedder };
    });
  }

  /** What encodes pictures, by its name. Throws as `openImages`. */
  imageEncoder(choice: string): Promise<ImageEncoder> {
    return once(this.#imageEncoders, choice, () => openImages(choice, this.#options));
  }

  /** Queries whose vectors were remembered, and those that were encoded. */
  get queryCache(): { readonly hits: number; readonly misses: number } {
    const asked = this.#remembering.map((embedder) => embedder.asked);
    return { hits: asked.reduce((sum, { hits }) => sum + hits, 0), misses: asked.reduce((sum, { misses }) => sum + misses, 0) };
  }

  async #useBackend(): Promise<void> {
    const { useBackend } = await import('../shared/backend.ts');
    await useBackend(this.#options, this.#options.listener);
  }

  async close(): Promise<void> {
    await this.parsers.close();
    for (const student of this.#students.values()) (await student.catch(() => undefined))?.dispose();
    for (const encoder of this.#queryEncoders.values()) await (await encoder.catch(() => undefined))?.embedder.dispose();
    for (const groups of this.#groups.values()) await (await groups.catch(() => undefined))?.encoder.dispose();
    for (const encoder of this.#queryGroups.values()) await (await encoder.catch(() => undefined))?.dispose();
    for (const encoder of this.#imageEncoders.values()) await (await encoder.catch(() => undefined))?.dispose();
    this.#imageEncoders.clear();
    this.#students.clear();
    this.#groups.clear();
    this.#queryGroups.clear();
    this.#queryEncoders.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What is made once under a name; a failure is tried again. */
function once<Value>(made: Map<string, Promise<Value>>, key: string, make: () => Promise<Value>): Promise<Value> {
  const known = made.get(key);
  if (known !== undefined) return known;
  const value = make();
  made.set(key, value);
  value.catch(() => made.delete(key));
  return value;
}
