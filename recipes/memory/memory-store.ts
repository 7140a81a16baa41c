import { randomBytes } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import { CemError, exists, UsageError } from '../../base/index.ts';
import type { JsonValue } from '../../data/index.ts';
import type { FieldOptions } from '../../rag/index.ts';
import type { FieldMatch } from '../../search/rerank/index.ts';
import { Collections, type LiveCollection } from '../collections/index.ts';
import type { GroupsInput } from '../ingest/unit-groups.ts';
import type { OnBackend } from '../shared/backend.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';

/** What is remembered. */
export interface MemoryItem {
  readonly memId: string;
  readonly text: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Where it came from; empty where that is not said. */
  readonly source: string;
  readonly meta: Readonly<Record<string, JsonValue>>;
}

/** A memory that is to be kept. One with the id of another takes its place. */
export interface NewMemory {
  readonly text: string;
  /** A random one unless given. */
  readonly memId?: string | undefined;
  /** ISO 8601; now unless given. */
  readonly createdAt?: string | undefined;
  readonly source?: string | undefined;
  readonly meta?: MemoryItem['meta'] | undefined;
}

/** A memory that a query called up. */
export interface RetrievedMemory extends MemoryItem {
  /** By vector groups. */
  readonly score: number;
  /** By which it became a candidate. */
  readonly coarseScore: number;
  /** What each vector of the query found in it, where that was asked for. */
  readonly debug?: readonly FieldMatch[];
}

export interface MemoryStoreOptions extends Pick<LongCall, 'listener'>, OnBackend {
  /** The collection that memories are kept in; made when the first one comes. */
  readonly into: string;
  /** Of a new one: how the groups of memories are made, through which head where one is named. */
  readonly groups?: GroupsInput | undefined;
  /** Of a new one: a checkpoint's folder or a run's; CEM_CHECKPOINT, else the one that comes with the package, unless given. */
  readonly checkpoint?: string | undefined;
  /** Folder in which models are looked up before the hub. */
  readonly models?: string | undefined;
}

export interface MemoryQuery extends FieldOptions {
  /** Memories wanted; 10 unless given. */
  readonly k?: number | undefined;
}

const RESULTS = 10;

/**
 * Memories in a collection with vector groups: what a text calls up is found by vectors and words first, and then ranked by the groups of text and memories. Close it, or declare it with `await using`.
 */
export class MemoryStore implements AsyncDisposable {
  readonly #options: MemoryStoreOptions;
  readonly #collections: Collections;
  readonly #name: string;

  private constructor(options: MemoryStoreOptions, collections: Collections, name: string) {
    this.#options = options;
    this.#collections = collections;
    this.#name = name;
  }

  static async open(options: MemoryStoreOptions): Promise<MemoryStore> {
    const path = resolve(options.into);
    const { checkpoint, models, backend } = options;
    const collections = await Collections.open({
      folder: dirname(path),
      checkpoint,
      models,
      backend,
      listener: listenerOf(options),
    });
    return new MemoryStore(options, collections, basename(path));
  }

  /**
   * Keeps memories: all of them, or none.
   *
   * @returns as they are kept
   * @throws CemError `MEMORY_TEXT` for one that has nothing to be found by; as `Collections.create` and `LiveCollection.change`
   */
  async add(memories: readonly NewMemory[]): Promise<MemoryItem[]> {
    const items = memories.map(
      ({ memId, text, createdAt, source, meta }): MemoryItem => ({
        memId: memId ?? randomBytes(8).toString('hex'),
        text,
        createdAt: createdAt ?? new Date().toISOString(),
        source: source ?? '',
        meta: meta ?? {},
      }),
    );
    const empty = items.find(({ text }) => text.trim() === '');
    if (empty !== undefined)
      throw new CemError('MEMORY_TEXT', `the memory ${empty.memId} has no text: leave it out`, {
        details: { memId: empty.memId },
      });
    const collection = await this.#collection();
    const { put } = await collection.change({
      put: items.map(({ memId, text, createdAt, source, meta }) => ({
        source: memId,
        content: text,
        format: 'text',
        fields: { ...meta, [CREATED_AT]: createdAt, [SOURCE]: source },
      })),
    });
    const problem = put.find((one) => one.problem !== undefined);
    if (problem !== undefined)
      throw new CemError(problem.problem!.code, problem.problem!.message, { details: { memId: problem.source } });
    return items;
  }

  /**
   * The memories that a text calls up, best first.
   *
   * @throws UsageError `MEMORY_NONE` where nothing was kept yet, `GROUPS_MISSING` for a collection without vector groups; as `LiveCollection.search`
   */
  async query(text: string, { k = RESULTS, ...field }: MemoryQuery = {}): Promise<RetrievedMemory[]> {
    if (!(await this.#isThere())) {
      throw new UsageError(
        'MEMORY_NONE',
        `nothing is remembered in ${resolve(this.#options.into)} yet: add something with \`cem memory add TEXT --into ${this.#options.into}\``,
        { details: { into: this.#options.into } },
      );
    }
    const collection = await this.#collections.get(this.#name);
    const found = await collection.search(text, { k, labels: 'everything', units: true, field });
    return found.map(({ score, coarseScore, matches, metadata, unit, text: passage }) => {
      const { source: memId = '', fields = {} } = (metadata ?? {}) as KeptMetadata;
      const { [CREATED_AT]: createdAt, [SOURCE]: source, ...meta } = fields;
      return {
        memId,
        text: unit?.text ?? passage,
        createdAt: String(createdAt ?? ''),
        source: String(source ?? ''),
        meta,
        score,
        coarseScore: coarseScore ?? score,
        ...(matches && { debug: matches }),
      };
    });
  }

  async close(): Promise<void> {
    await this.#collections.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #isThere(): Promise<boolean> {
    return exists(join(this.#collections.folder, this.#name));
  }

  async #collection(): Promise<LiveCollection> {
    if (!(await this.#isThere())) {
      // What somebody says is kept as it is.
      const settings = { groups: this.#options.groups ?? {}, prune: false };
      await this.#collections.create(this.#name, settings);
    }
    return this.#collections.get(this.#name);
  }
}

/** Fields of a document beside those of its meta. */
const CREATED_AT = 'memory_created_at';
const SOURCE = 'memory_source';

interface KeptMetadata {
  readonly source?: string;
  readonly fields?: Readonly<Record<string, JsonValue>>;
}
