import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError, type OnProgress, RandomNumbers } from '../../base/index.ts';
import type { ImageRunConfig } from '../../configs/index.ts';
import { type CaptionedPicture, readPictures } from '../../data/index.ts';
import { decodePicture } from '../../encoders/index.ts';

/** Pictures in memory with one caption each. */
export interface LoadedPictures {
  readonly count: number;
  /** [count, size, size, 3] bytes */
  readonly pictures: Uint8Array;
  readonly captions: readonly string[];
  readonly categories: readonly string[];
}

/**
 * The pictures that are trained on and those that are held out: all that have a caption of the language, drawn by the seed.
 *
 * @throws CemError `TRAINING_NO_TEXTS` where too few have one; and as `readPictures`
 */
export async function splitPictures({
  data,
  seed,
}: Pick<ImageRunConfig, 'data' | 'seed'>): Promise<{ training: CaptionedPicture[]; heldOut: CaptionedPicture[] }> {
  const { source, language, heldOut, pictures } = data;
  const usable = (await readPictures(source)).filter(({ captions }) => captions[language] !== undefined);
  const wanted = heldOut + (pictures ?? 1);
  if (usable.length < wanted) {
    throw new CemError(
      'TRAINING_NO_TEXTS',
      `${source} has ${usable.length} pictures with a caption in ${language}, and data.heldOut and data.pictures ask for ${wanted}`,
      { details: { source, language, usable: usable.length } },
    );
  }
  const order = Int32Array.from(usable.keys());
  new RandomNumbers(seed, 'held out').shuffle(order);
  const drawn = Array.from(order, (place) => usable[place]!);
  return {
    heldOut: drawn.slice(0, heldOut),
    training: drawn.slice(heldOut, pictures === undefined ? undefined : heldOut + pictures),
  };
}

/** Decodes pictures at a size. Throws as `decodePicture`. */
export async function loadPictures(
  rows: readonly CaptionedPicture[],
  { source, language }: ImageRunConfig['data'],
  size: number,
  onProgress?: OnProgress,
): Promise<LoadedPictures> {
  const numbers = 3 * size * size;
  const pictures = new Uint8Array(rows.length * numbers);
  for (const [row, { path }] of rows.entries()) {
    const { data } = await decodePicture(await readFile(join(source, path)), { size: [size, size] });
    pictures.set(data, row * numbers);
    onProgress?.(row + 1, rows.length);
  }
  return {
    count: rows.length,
    pictures,
    captions: rows.map(({ captions }) => captions[language]!),
    categories: rows.map(({ category }) => category),
  };
}
