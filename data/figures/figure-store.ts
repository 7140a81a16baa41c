import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError, exists, messageOf, syncFolder, writeFileAtomically } from '../../base/index.ts';
import { FIGURE_MEDIA_TYPES, type FigureMediaType, type FigurePicture } from './figure.ts';

const ENDINGS: Readonly<Record<FigureMediaType, string>> = { 'image/png': '.png', 'image/jpeg': '.jpg', 'image/webp': '.webp' };
const FILE = /^([0-9a-f]{64})(\.png|\.jpg|\.webp)$/;
/** Digits of an id that name the folder of its file, so that no folder has very many. */
const FOLDER_DIGITS = 2;

/** A picture in the store. */
export interface StoredFigure {
  readonly id: string;
  readonly mediaType: FigureMediaType;
  readonly bytes: number;
}

/** A picture that is not as it was put. */
export interface DamagedFigure {
  readonly id: string;
  readonly reason: string;
}

/** A picture as it was put. */
export interface ReadFigure {
  readonly mediaType: FigureMediaType;
  readonly bytes: Buffer;
}

/** Pictures that can be read, wherever they lie. */
export interface FigureReader {
  /** A picture as it was put; undefined where it is not there. @throws CemError `FIGURE_DAMAGED` where its bytes are others */
  read(id: string): Promise<ReadFigure | undefined>;
  /** All pictures, in the order of their ids. */
  list(): AsyncGenerator<StoredFigure>;
  /** Reads pictures whole. @returns those that are missing or are not what their names say */
  verify(wanted: Iterable<string>): Promise<DamagedFigure[]>;
}

/** The id of a picture: SHA-256 of its bytes, in hexadecimal digits. */
export function figureId(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Pictures in a folder, each in a file that is named by what is in it (`ab/ab12….png`), so that one which stands in many places is stored once. A file appears whole or not at all, and
 * never changes.
 */
export class FigureStore implements FigureReader {
  readonly #folder: string;

  /** @param folder made when the first picture is put */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Stores a picture durably, unless it is there. @returns its id @throws CemError `FILE_CREATE`, `FILE_WRITE` */
  async put({ bytes, mediaType }: Pick<FigurePicture, 'bytes' | 'mediaType'>): Promise<string> {
    const id = figureId(bytes);
    const path = this.#path(id, mediaType);
    if (await exists(path)) return id;
    await this.#makeFolder(id);
    await writeFileAtomically(path, bytes);
    return id;
  }

  /** A picture as it was put; undefined where it is not there. @throws CemError `FIGURE_DAMAGED` where its bytes are others */
  async read(id: string): Promise<ReadFigure | undefined> {
    for (const mediaType of FIGURE_MEDIA_TYPES) {
      const path = this.#path(id, mediaType);
      let bytes: Buffer;
      try {
        bytes = await readFile(path);
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') continue;
        throw new CemError('FILE_OPEN', `cannot read ${path}: ${messageOf(cause)}`, { details: { path }, cause });
      }
      if (figureId(bytes) !== id) throw damaged(path);
      return { mediaType, bytes };
    }
    return undefined;
  }

  async has(id: string): Promise<boolean> {
    for (const mediaType of FIGURE_MEDIA_TYPES) if (await exists(this.#path(id, mediaType))) return true;
    return false;
  }

  /** All pictures, in the order of their ids; none where the folder is not there. */
  async *list(): AsyncGenerator<StoredFigure> {
    for (const folder of (await namesIn(this.#folder)).sort()) {
      for (const name of (await namesIn(join(this.#folder, folder))).sort()) {
        const [, id, ending] = FILE.exec(name) ?? [];
        const mediaType = FIGURE_MEDIA_TYPES.find((type) => ENDINGS[type] === ending);
        if (id === undefined || mediaType === undefined) continue;
        const { size } = await stat(join(this.#folder, folder, name));
        yield { id, mediaType, bytes: size };
      }
    }
  }

  /** Bytes of all pictures together. */
  async bytes(): Promise<number> {
    let sum = 0;
    for await (const { bytes } of this.list()) sum += bytes;
    return sum;
  }

  /** Takes over what another store on the same disk has; afterwards that one has nothing. */
  async adopt(other: FigureStore): Promise<void> {
    const folders = new Set<string>();
    for await (const { id, mediaType } of other.list()) {
      folders.add(await this.#makeFolder(id));
      await rename(other.#path(id, mediaType), this.#path(id, mediaType));
    }
    for (const folder of folders) await syncFolder(folder);
    await rm(other.#folder, { recursive: true, force: true });
  }

  /** Removes every picture that is not wanted, and what a killed process left. @returns how many pictures went */
  async retain(wanted: ReadonlySet<string>): Promise<number> {
    let removed = 0;
    for (const folder of await namesIn(this.#folder)) {
      for (const name of await namesIn(join(this.#folder, folder))) {
        const id = FILE.exec(name)?.[1];
        if (id !== undefined && wanted.has(id)) continue;
        await rm(join(this.#folder, folder, name), { force: true });
        if (id !== undefined) removed++;
      }
    }
    return removed;
  }

  /** Reads pictures whole. @returns those that are missing or are not what their names say */
  async verify(wanted: Iterable<string>): Promise<DamagedFigure[]> {
    const found: DamagedFigure[] = [];
    for (const id of wanted) {
      try {
        if ((await this.read(id)) === undefined) found.push({ id, reason: 'its file is gone' });
      } catch (error) {
        found.push({ id, reason: messageOf(error) });
      }
    }
    return found;
  }

  /** Where a picture lies that `list` gave. */
  pathOf({ id, mediaType }: StoredFigure): string {
    return this.#path(id, mediaType);
  }

  #path(id: string, mediaType: FigureMediaType): string {
    return join(this.#folder, id.slice(0, FOLDER_DIGITS), `${id}${ENDINGS[mediaType]}`);
  }

  async #makeFolder(id: string): Promise<string> {
    const folder = join(this.#folder, id.slice(0, FOLDER_DIGITS));
    const made = await mkdir(folder, { recursive: true });
    if (made !== undefined) await syncFolder(this.#folder);
    return folder;
  }
}

/** None where the folder is not there, or is no folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

function damaged(path: string): CemError {
  return new CemError(
    'FIGURE_DAMAGED',
    `${path} is not the picture that it was stored as: restore it from a copy, or remove it and ingest its document again`,
    { details: { path } },
  );
}
