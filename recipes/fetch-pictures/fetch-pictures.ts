import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type CemError, inStage, isCemError, lockFolder, UsageError, writeFileAtomically } from '../../base/index.ts';
import { type CaptionedPicture, PICTURES_FILE } from '../../data/index.ts';
import { decodePicture, encodePng } from '../../encoders/index.ts';
import { bringPackage } from '../fetch-corpus/index.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { readStamps } from './stamps.ts';

/** Sets of pictures with captions that can be fetched. */
export const PICTURE_SETS = {
  stamps: { package: 'tuxpaint-stamps-default', read: readStamps },
} as const;

type PictureSet = keyof typeof PICTURE_SETS;

/** Pixels of a side that pictures are kept with. */
const KEPT_SIZE = 256;

export interface FetchPicturesOptions extends LongCall {
  readonly set: string;
  /** Folder of the pictures, which also keeps the package. */
  readonly into: string;
}

export interface FetchedPictures {
  readonly folder: string;
  readonly package: string;
  readonly version: string;
  readonly pictures: number;
  /** Pictures by the language of a caption. */
  readonly captions: Readonly<Record<string, number>>;
  readonly categories: number;
  /** Pictures that could not be decoded. */
  readonly unreadable: number;
}

/**
 * Brings a package of pictures from the Debian registry with the registry's own client, once, and writes them at one size beside a list of captions, `pictures.jsonl`. Licences are the package's: its
 * `copyright` file is copied.
 *
 * @throws UsageError `PICTURES_UNKNOWN`; CemError `CORPUS_TOOL_MISSING`, `CORPUS_TOOL_FAILED`, `FOLDER_LOCKED`
 */
export async function fetchPictures(options: FetchPicturesOptions): Promise<FetchedPictures> {
  const set = Object.hasOwn(PICTURE_SETS, options.set) ? PICTURE_SETS[options.set as PictureSet] : undefined;
  if (set === undefined) {
    throw new UsageError(
      'PICTURES_UNKNOWN',
      `there is no set of pictures ${options.set}; known: ${Object.keys(PICTURE_SETS).join(', ')}`,
      { details: { set: options.set } },
    );
  }
  const listener = listenerOf(options);
  const folder = resolve(options.into);
  await mkdir(join(folder, 'images'), { recursive: true });
  const lock = await lockFolder(folder);
  try {
    const brought = await inStage(listener, 'fetch', () =>
      bringPackage({ registry: 'debian', name: set.package }, { folder, signal: options.signal }),
    );
    try {
      const found = await set.read(brought.folder);
      const rows: CaptionedPicture[] = [];
      await inStage(listener, 'scale', async (stage) => {
        for (const [number, { id, file, category, captions }] of found.entries()) {
          const path = join('images', `${id.replaceAll('/', '-')}.png`);
          const picture = await decodePicture(await readFile(file), { size: [KEPT_SIZE, KEPT_SIZE] }).catch(unlessOurs);
          stage.progress(number + 1, found.length);
          if (picture === undefined) continue;
          await writeFile(join(folder, path), await encodePng(picture));
          rows.push({ id, path, category, captions });
        }
      });
      const copyright = join(brought.folder, 'usr', 'share', 'doc', set.package, 'copyright');
      await writeFile(join(folder, 'copyright'), await readFile(copyright).catch(() => ''));
      await writeFileAtomically(join(folder, PICTURES_FILE), Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join('')));
      return {
        folder,
        package: brought.package,
        version: brought.version,
        pictures: rows.length,
        captions: countBy(rows.flatMap(({ captions }) => Object.keys(captions))),
        categories: new Set(rows.map(({ category }) => category)).size,
        unreadable: found.length - rows.length,
      };
    } finally {
      await brought.release();
    }
  } finally {
    await lock.release();
  }
}

/** A picture that cannot be decoded is left out. */
function unlessOurs(error: unknown): undefined {
  if (!isCemError(error) || !(error as CemError).code.startsWith('PICTURE_')) throw error;
}

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
