import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { CemError, messageOf, readRemoteBytes, uploadFile } from '../../base/index.ts';
import {
  type DamagedFigure,
  FIGURE_MEDIA_TYPES,
  type FigureReader,
  type FigureStore,
  figureId,
  type ReadFigure,
  type StoredFigure,
} from '../../data/index.ts';
import type { PgvectorStore, PictureObject } from '../../search/postgres/index.ts';
import type { CollectionSources } from './collection-sources.ts';
import { LEAVING_PROPERTY, type LeavingObject, parseLeaving } from './shared-state.ts';

export interface SharedFiguresParts {
  readonly store: PgvectorStore;
  /** `s3://BUCKET/PREFIX` */
  readonly segments: string;
  /** Whether the collection stores pictures. */
  readonly stored: boolean;
  /** In a transaction, before all else: refuses who lost the turn. */
  readonly requireTurn: (store: PgvectorStore) => Promise<void>;
}

/**
 * Pictures of a shared collection. Each is one object, under a name that nothing else ever has; which picture is which object says a table, whose rows change in the transaction that commits those
 * of passages. A picture that no file of the collection shows any more leaves as segments do.
 */
export class SharedFigures implements FigureReader {
  readonly #parts: SharedFiguresParts;
  /** Uploaded, to be named by the next commit, and the ids of all that are to be there then. */
  #coming: { readonly rows: readonly PictureObject[]; readonly wanted: ReadonlySet<string> } | undefined;

  constructor(parts: SharedFiguresParts) {
    this.#parts = parts;
  }

  /** @throws CemError `FIGURE_DAMAGED` where its bytes are others; as `readRemoteBytes` */
  async read(id: string): Promise<ReadFigure | undefined> {
    const picture = (await this.#parts.store.pictureObjects.find([id])).get(id);
    return picture && this.#read(picture);
  }

  async #read({ id, object, mediaType }: PictureObject): Promise<ReadFigure | undefined> {
    const address = this.#addressOf(object);
    const bytes = await readRemoteBytes(address);
    const type = FIGURE_MEDIA_TYPES.find((known) => known === mediaType);
    if (bytes === undefined || type === undefined) return undefined;
    if (figureId(bytes) === id) return { mediaType: type, bytes };
    throw new CemError(
      'FIGURE_DAMAGED',
      `${address} is not the picture that was put there: ingest the files anew, by another parser or name`,
      {
        details: { address, id },
      },
    );
  }

  async *list(): AsyncGenerator<StoredFigure> {
    for (const { id, mediaType, bytes } of (await this.#parts.store.pictureObjects.find()).values()) {
      const type = FIGURE_MEDIA_TYPES.find((known) => known === mediaType);
      if (type !== undefined) yield { id, mediaType: type, bytes };
    }
  }

  async verify(wanted: Iterable<string>): Promise<DamagedFigure[]> {
    const found: DamagedFigure[] = [];
    const pictures = await this.#parts.store.pictureObjects.find();
    for (const id of wanted) {
      const picture = pictures.get(id);
      try {
        if (picture === undefined || (await this.#read(picture)) === undefined) found.push({ id, reason: 'its object is gone' });
      } catch (error) {
        found.push({ id, reason: messageOf(error) });
      }
    }
    return found;
  }

  /**
   * Uploads those pictures of a state that is being made which are not there; in a turn. They count with `name`, or are removed some time later.
   *
   * @throws CemError `REMOTE_WRITE`, `COLLECTION_TURN`
   */
  async upload(pictures: FigureStore, { files }: CollectionSources): Promise<void> {
    const { store, requireTurn } = this.#parts;
    const wanted = new Set(files.flatMap(({ figures = [] }) => figures));
    const there = await store.pictureObjects.find();
    const batch = randomUUID();
    const rows = new Map<string, PictureObject>();
    for await (const picture of pictures.list()) {
      const path = pictures.pathOf(picture);
      if (wanted.has(picture.id) && !there.has(picture.id))
        rows.set(path, { ...picture, object: `${batch}/figures/${basename(path)}` });
    }
    if (rows.size > 0) {
      await store.transaction(async (inner) => {
        await requireTurn(inner);
        const since = await inner.line.now();
        await changeLeaving(inner, (all) => [...all, ...[...rows.values()].map(({ object }) => ({ object, since }))]);
      });
    }
    for (const [path, { object }] of rows) await uploadFile(path, this.#addressOf(object));
    this.#coming = { rows: [...rows.values()], wanted };
  }

  /**
   * In the transaction that commits: names what was uploaded, and what leaves. Afterwards, `named` must be called.
   *
   * @throws CemError `COLLECTION_PICTURES` where nothing was uploaded, be it that there was nothing
   */
  async name(store: PgvectorStore): Promise<void> {
    if (this.#coming === undefined) {
      if (!this.#parts.stored) return;
      throw new CemError(
        'COLLECTION_PICTURES',
        `the collection under ${this.#parts.segments} stores pictures, and those of this change were not uploaded: make it by cem ingest or a server; nothing of it counts`,
        { details: { segments: this.#parts.segments } },
      );
    }
    const { rows, wanted } = this.#coming;
    await store.pictureObjects.add(rows);
    const gone = await store.pictureObjects.retain(wanted);
    if (rows.length + gone.length === 0) return;
    const named = new Set(rows.map(({ object }) => object));
    const since = await store.line.now();
    await changeLeaving(store, (all) => [
      ...all.filter(({ object }) => !named.has(object)),
      ...gone.map((object) => ({ object, since })),
    ]);
  }

  /** After the commit. */
  async named(pictures: FigureStore): Promise<void> {
    if (this.#coming === undefined) return;
    this.#coming = undefined;
    // What stays is passed over the next time.
    await pictures.retain(new Set()).catch(() => undefined);
  }

  /** Addresses of all pictures. */
  async addresses(): Promise<string[]> {
    return [...(await this.#parts.store.pictureObjects.find()).values()].map(({ object }) => this.#addressOf(object));
  }

  #addressOf(key: string): string {
    return `${this.#parts.segments}/${key}`;
  }
}

async function changeLeaving(
  store: PgvectorStore,
  change: (leaving: readonly LeavingObject[]) => readonly LeavingObject[],
): Promise<void> {
  const { [LEAVING_PROPERTY]: text } = await store.properties([LEAVING_PROPERTY]);
  await store.setProperty(LEAVING_PROPERTY, JSON.stringify(change(parseLeaving(text))));
}
