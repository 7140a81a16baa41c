import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError, readRemoteText, removeObject, uploadFile } from '../../base/index.ts';
import { type CorpusInStore, manifestOfState, placeCorpus, SegmentedCorpus, segmentFiles } from '../../data/index.ts';
import type { PgvectorStore, WriterTurn } from '../../search/postgres/index.ts';
import { type CollectionSources, NO_SOURCES, parseSources, sourcesText } from './collection-sources.ts';
import { type CollectionState, parseCollectionState, STATE_PROPERTY } from './collection-state.ts';
import {
  LEAVING_PROPERTY,
  leavingAfter,
  objectsOf,
  parseLeaving,
  parseSharedState,
  SHARED_PROPERTY,
  type SharedState,
  sharedStateText,
  TOKEN_PROPERTY,
} from './shared-state.ts';

const SOURCES_FILE = 'sources.json';
/** Seconds that an object is kept after the last state that named it, unless something else is said: whoever began to read that state may be reading still. */
const GRACE_SECONDS = 3600;

export interface SharedCorpusParts {
  readonly store: PgvectorStore;
  /** `s3://BUCKET/PREFIX` */
  readonly segments: string;
  /** Folder in which changes are prepared. */
  readonly corpusPath: string;
  /** For files that are uploaded. */
  readonly workPath: string;
}

/** What this process knows of the collection. */
interface Known {
  /** Another one after every change, be it that segments were merged. */
  readonly token: string;
  readonly state: CollectionState;
  readonly shared: SharedState;
}

/**
 * The corpus of a collection whose segments and list of files are objects, for all processes that have it open. Which objects make it up says the database, in the transaction that commits the rows. An object is
 * written once, under a name that nothing else ever has; it is removed some time after the last state that named it.
 */
export class SharedCorpus {
  readonly #parts: SharedCorpusParts;
  #known: Known | undefined;
  /** One reads at a time, so that what came late is never taken for what is. */
  #reading: Promise<unknown> = Promise.resolve();
  #turn: WriterTurn | undefined;
  /** Uploaded, to be named by the next commit. */
  #coming: SharedState | undefined;

  constructor(parts: SharedCorpusParts) {
    this.#parts = parts;
  }

  /** Names what was read last; undefined where nothing was ever ingested. */
  get token(): string | undefined {
    return this.#known?.token;
  }

  /** As it was read last. */
  get state(): CollectionState | undefined {
    return this.#known?.state;
  }

  /** Whether this process may change the collection now. */
  get hasTurn(): boolean {
    return this.#turn !== undefined;
  }

  /** Bytes of all segments. */
  get bytes(): number {
    const { segments = [] } = this.#known?.shared.manifest ?? {};
    return segments.reduce((sum, entry) => sum + entry.bytes + entry.mappingBytes + (entry.metadataBytes ?? 0), 0);
  }

  /** Looks at what the collection holds now, which is what this gives from then on. In a turn that is known. */
  read(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#turn === undefined) await this.#ask();
    });
  }

  #inOrder(body: () => Promise<void>): Promise<void> {
    const read = this.#reading.then(body);
    this.#reading = read.catch(() => undefined);
    return read;
  }

  async #ask(): Promise<void> {
    const said = await this.#parts.store.properties([STATE_PROPERTY, SHARED_PROPERTY, TOKEN_PROPERTY]);
    const { [STATE_PROPERTY]: state, [SHARED_PROPERTY]: shared, [TOKEN_PROPERTY]: token } = said;
    if (state === undefined || shared === undefined || token === undefined) {
      this.#known = undefined;
    } else if (token !== this.#known?.token) {
      this.#known = { token, state: parseCollectionState(state), shared: parseSharedState(shared) };
    }
  }

  /** The token that the database has. */
  async currentToken(): Promise<string | undefined> {
    return (await this.#parts.store.properties([TOKEN_PROPERTY]))[TOKEN_PROPERTY];
  }

  async openCorpus(): Promise<SegmentedCorpus | undefined> {
    return this.#known && SegmentedCorpus.openAs(this.#parts.corpusPath, this.#located(this.#known.shared));
  }

  /** @throws FormatError `COLLECTION_SOURCES` */
  async sources(): Promise<CollectionSources> {
    if (this.#known === undefined) return NO_SOURCES;
    const address = this.#addressOf(this.#known.shared.sources);
    return parseSources(await readRemoteText(address), address);
  }

  /** Waits for the turn to change the collection, reads what it holds then, and prepares the folder for changes. */
  async enter(signal?: AbortSignal): Promise<void> {
    assert.ok(this.#turn === undefined, 'a writer that has its turn stood in line again');
    this.#turn = await this.#parts.store.line.enter(signal);
    try {
      await this.#inOrder(() => this.#ask());
      await this.place();
    } catch (error) {
      await this.leave();
      throw error;
    }
  }

  async leave(): Promise<void> {
    const turn = this.#turn;
    this.#turn = undefined;
    await turn?.leave();
  }

  /** Makes the folder the place that the known state is changed from; what was staged there is dropped. */
  async place(): Promise<void> {
    await placeCorpus(this.#parts.corpusPath, this.#known && this.#located(this.#known.shared));
  }

  /**
   * Uploads what a state of the folder's corpus has beside the known one, and the list of files: all of it counts with `name`, or is removed some time later.
   *
   * @param sources unless given, the list stays
   * @throws CemError `REMOTE_WRITE`, `COLLECTION_TURN`
   */
  async upload(state: string, sources?: CollectionSources): Promise<void> {
    const { corpusPath, workPath } = this.#parts;
    const manifest = await manifestOfState(corpusPath, state);
    const known = this.#known?.shared;
    const batch = randomUUID();
    const objects = new Map<string, string>();
    const files: string[] = [];
    for (const entry of manifest.segments) {
      const there = known?.objects.get(entry.file);
      objects.set(entry.file, there ?? `${batch}/${entry.file}`);
      if (there === undefined) files.push(...segmentFiles(entry));
    }
    const list = sources === undefined ? known?.sources : `${batch}/${SOURCES_FILE}`;
    assert.ok(list !== undefined, 'a collection without a list of files');
    const coming: SharedState = { manifest, objects, sources: list };
    await this.#announce(objectsOf(coming));
    for (const file of files) await uploadFile(join(corpusPath, file), this.#addressOf(`${batch}/${file}`));
    if (sources !== undefined) {
      await mkdir(workPath, { recursive: true });
      const path = join(workPath, SOURCES_FILE);
      await writeFile(path, sourcesText(sources));
      await uploadFile(path, this.#addressOf(list));
      await rm(path);
    }
    this.#coming = coming;
  }

  /** In a transaction, before all else: refuses who lost the turn. Throws CemError `COLLECTION_TURN`. */
  async requireTurn(store: PgvectorStore): Promise<void> {
    if (this.#turn !== undefined && (await store.line.isTurnOf(this.#turn.id))) return;
    throw new CemError(
      'COLLECTION_TURN',
      `this process was cut off from the database for so long that another one changed the collection under ${this.#parts.segments}: make the change again; nothing of it counts`,
      { details: { segments: this.#parts.segments } },
    );
  }

  /** In the transaction that commits: names what was uploaded. Afterwards, `named` must be called. */
  async name(store: PgvectorStore, state: CollectionState): Promise<Known> {
    const after = this.#coming;
    assert.ok(after !== undefined, 'nothing was uploaded');
    const leaving = parseLeaving((await store.properties([LEAVING_PROPERTY]))[LEAVING_PROPERTY]);
    const next = leavingAfter(leaving, { before: this.#known?.shared, after, now: await store.line.now() });
    const token = randomUUID();
    await store.setProperty(LEAVING_PROPERTY, JSON.stringify(next));
    await store.setProperty(SHARED_PROPERTY, sharedStateText(after));
    await store.setProperty(TOKEN_PROPERTY, token);
    return { token, state, shared: after };
  }

  /** After the commit. */
  named(known: Known): void {
    [this.#known, this.#coming] = [known, undefined];
  }

  /**
   * The same in a transaction of its own, where no row changes.
   *
   * @param also what else counts with it
   */
  async swap(also?: (store: PgvectorStore) => Promise<void>): Promise<void> {
    const state = this.#known?.state;
    assert.ok(state !== undefined, 'nothing was ever ingested');
    const known = await this.#parts.store.transaction(async (store) => {
      await this.requireTurn(store);
      await also?.(store);
      return this.name(store, state);
    });
    this.named(known);
  }

  /**
   * Removes objects that no state has named for a while.
   *
   * @param grace seconds
   * @returns how many
   */
  async sweep(grace = GRACE_SECONDS): Promise<number> {
    const { store } = this.#parts;
    const now = await store.line.now();
    const leaving = parseLeaving((await store.properties([LEAVING_PROPERTY]))[LEAVING_PROPERTY]);
    const named = new Set(objectsOf(this.#known?.shared));
    const due = leaving.filter(({ object, since }) => since + grace <= now && !named.has(object));
    if (due.length === 0) return 0;
    // Who lost the turn must not remove what another names meanwhile: objects are named by their own writer only, so that this cannot be.
    for (const { object } of due) await removeObject(this.#addressOf(object));
    const removed = new Set(due.map(({ object }) => object));
    await this.#keepLeaving((all) => all.filter(({ object }) => !removed.has(object)));
    return due.length;
  }

  /** Addresses of all objects that there are. */
  async addresses(): Promise<string[]> {
    const { [LEAVING_PROPERTY]: leaving } = await this.#parts.store.properties([LEAVING_PROPERTY]);
    const keys = [...objectsOf(this.#known?.shared), ...parseLeaving(leaving).map(({ object }) => object)];
    return keys.map((key) => this.#addressOf(key));
  }

  /** Says before they are written that objects leave unless they are named. */
  async #announce(objects: readonly string[]): Promise<void> {
    const known = new Set(objectsOf(this.#known?.shared));
    const since = await this.#parts.store.line.now();
    const coming = objects.filter((object) => !known.has(object)).map((object) => ({ object, since }));
    await this.#keepLeaving((all) => [...all, ...coming]);
  }

  async #keepLeaving(change: (leaving: ReturnType<typeof parseLeaving>) => ReturnType<typeof parseLeaving>): Promise<void> {
    await this.#parts.store.transaction(async (store) => {
      await this.requireTurn(store);
      const { [LEAVING_PROPERTY]: text } = await store.properties([LEAVING_PROPERTY]);
      await store.setProperty(LEAVING_PROPERTY, JSON.stringify(change(parseLeaving(text))));
    });
  }

  #located({ manifest, objects }: SharedState): CorpusInStore {
    return { manifest, objects: new Map([...objects].map(([file, key]) => [file, this.#addressOf(key)])) };
  }

  #addressOf(key: string): string {
    return `${this.#parts.segments}/${key}`;
  }
}
