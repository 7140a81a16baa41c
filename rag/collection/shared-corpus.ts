import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CemError, openRandomAccess, readRemoteText, removeObject, uploadFile, windowsOf } from '../../base/index.ts';
import {
  type CorpusInStore,
  type DocumentReader,
  manifestOfState,
  placeCorpus,
  type SegmentEntry,
  SegmentedCorpus,
  segmentFiles,
} from '../../data/index.ts';
import type { PgvectorStore, WriterTurn } from '../../search/postgres/index.ts';
import { ZpkgReader } from '../../zpkg/index.ts';
import { type CollectionSources, NO_SOURCES, parseSources, sourcesText } from './collection-sources.ts';
import { type CollectionState, parseCollectionState, STATE_PROPERTY } from './collection-state.ts';
import {
  LEAVING_PROPERTY,
  type LeavingObject,
  leavingAfter,
  objectsOf,
  parseLeaving,
  parseSharedState,
  SHARED_PROPERTY,
  type SharedState,
  segmentKeys,
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
  /** Of the corpus that was opened last, by the addresses of their containers. */
  #readers: ReadonlyMap<string, DocumentReader> = new Map();
  /** The list of files that was read or written last, by its key. */
  #list: { readonly key: string; readonly sources: CollectionSources } | undefined;
  /** The dictionary of all segments, by the first one's key. */
  #dictionary: { readonly key: string | undefined; readonly bytes: Promise<Uint8Array> } | undefined;

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

  /** The corpus and its objects, as they were read last. */
  get shared(): SharedState | undefined {
    return this.#known?.shared;
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

  /** What the last one that was opened has open still is not opened again: after a change, that is most of it. */
  async openCorpus(): Promise<SegmentedCorpus | undefined> {
    if (this.#known === undefined) return undefined;
    const located = this.#located(this.#known.shared);
    const corpus = await SegmentedCorpus.openAs(this.#parts.corpusPath, located, { readers: this.#readers });
    this.#readers = new Map(
      corpus.segments.flatMap(({ entry, reader }): [string, DocumentReader][] => {
        const address = located.objects.get(entry.file);
        return address === undefined ? [] : [[address, reader]];
      }),
    );
    return corpus;
  }

  /** @throws FormatError `COLLECTION_SOURCES` */
  async sources(): Promise<CollectionSources> {
    if (this.#known === undefined) return NO_SOURCES;
    const key = this.#known.shared.sources;
    if (this.#list?.key !== key) {
      const address = this.#addressOf(key);
      this.#list = { key, sources: parseSources(await readRemoteText(address), address) };
    }
    return this.#list.sources;
  }

  /** The dictionary of the segments that there are; undefined where there are none. Throws as `ZpkgReader.open`. */
  async dictionary(): Promise<Uint8Array | undefined> {
    const shared = this.#known?.shared;
    const [first] = shared?.manifest.segments ?? [];
    const key = first && shared?.objects.get(first.file);
    if (key === undefined) return undefined;
    if (this.#dictionary?.key !== key) {
      const bytes = readDictionary(this.#addressOf(key));
      bytes.catch(() => {
        this.#dictionary = undefined;
      });
      this.#dictionary = { key, bytes };
    }
    return this.#dictionary.bytes;
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
    const { corpusPath } = this.#parts;
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
    if (sources !== undefined) await this.#writeSources(list, sources);
    this.#coming = coming;
  }

  /**
   * Uploads files that a commit may name later; the turn is not needed for that. They are removed some time later unless one does.
   *
   * @param files path of each, by its key
   * @param keys of objects that will be written by whoever commits
   * @throws CemError `REMOTE_WRITE`
   */
  async uploadApart(files: ReadonlyMap<string, string>, keys: readonly string[] = []): Promise<void> {
    const { store } = this.#parts;
    await store.transaction(async (inner) => {
      await inner.line.still();
      const since = await inner.line.now();
      const coming = [...files.keys(), ...keys].map((object) => ({ object, since }));
      await changeLeaving(inner, (all) => [...all, ...coming]);
    });
    for (const [key, path] of files) await uploadFile(path, this.#addressOf(key));
  }

  /**
   * Makes a state the one that the next commit names; in a turn. Its objects were uploaded apart.
   *
   * @param sources written under the key that the state names; unless given, that list stays
   * @throws CemError `REMOTE_WRITE`
   */
  async propose(coming: SharedState, sources?: CollectionSources): Promise<void> {
    assert.ok(this.#turn !== undefined, 'a state was proposed by a writer whose turn it is not');
    if (sources !== undefined) await this.#writeSources(coming.sources, sources);
    this.#coming = coming;
  }

  async #writeSources(key: string, sources: CollectionSources): Promise<void> {
    const { workPath } = this.#parts;
    await mkdir(workPath, { recursive: true });
    const path = join(workPath, SOURCES_FILE);
    await writeFile(path, sourcesText(sources));
    await uploadFile(path, this.#addressOf(key));
    await rm(path);
    this.#list = { key, sources };
  }

  /** Copies the files of a segment into a folder. Throws as `openRandomAccess`, and as reading does. */
  async fetchSegment({ entry, folder }: { readonly entry: SegmentEntry; readonly folder: string }): Promise<void> {
    const container = this.#known?.shared.objects.get(entry.file);
    assert.ok(container !== undefined, 'a segment that no state names');
    for (const [own, key] of zip(segmentFiles(entry), segmentKeys(container, entry)))
      await copyObject(this.#addressOf(key), join(folder, own));
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
    this.#refuseRemoved(after, leaving);
    const next = leavingAfter(leaving, { before: this.#known?.shared, after, now: await store.line.now() });
    const token = randomUUID();
    await store.setProperty(LEAVING_PROPERTY, JSON.stringify(next));
    await store.setProperty(SHARED_PROPERTY, sharedStateText(after));
    await store.setProperty(TOKEN_PROPERTY, token);
    return { token, state, shared: after };
  }

  /** What was uploaded so long ago that it may be removed by now must not be named. */
  #refuseRemoved(after: SharedState, leaving: readonly LeavingObject[]): void {
    const there = new Set([...objectsOf(this.#known?.shared), ...leaving.map(({ object }) => object)]);
    const removed = objectsOf(after).find((object) => !there.has(object));
    if (removed === undefined) return;
    throw new CemError(
      'COLLECTION_TURN',
      `${this.#addressOf(removed)} was uploaded so long ago that it was removed as something nobody wants: make the change again; nothing of it counts`,
      { details: { object: removed } },
    );
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

  async #keepLeaving(change: ChangeLeaving): Promise<void> {
    await this.#parts.store.transaction(async (store) => {
      await this.requireTurn(store);
      await changeLeaving(store, change);
    });
  }

  #located({ manifest, objects }: SharedState): CorpusInStore {
    return { manifest, objects: new Map([...objects].map(([file, key]) => [file, this.#addressOf(key)])) };
  }

  #addressOf(key: string): string {
    return `${this.#parts.segments}/${key}`;
  }
}

type ChangeLeaving = (leaving: readonly LeavingObject[]) => readonly LeavingObject[];

async function changeLeaving(store: PgvectorStore, change: ChangeLeaving): Promise<void> {
  const { [LEAVING_PROPERTY]: text } = await store.properties([LEAVING_PROPERTY]);
  await store.setProperty(LEAVING_PROPERTY, JSON.stringify(change(parseLeaving(text))));
}

async function readDictionary(address: string): Promise<Uint8Array> {
  const container = await ZpkgReader.open(address);
  await container.close();
  return container.dictionary;
}

async function copyObject(address: string, path: string): Promise<void> {
  const file = await openRandomAccess(address);
  try {
    await pipeline(Readable.from(windowsOf(file)), createWriteStream(path));
  } finally {
    await file.close();
  }
}

function zip(left: readonly string[], right: readonly string[]): [string, string][] {
  return left.map((one, place) => [one, right[place]!]);
}
