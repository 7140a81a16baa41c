import { createHash } from 'node:crypto';
import { type FigureReader, figureOfMetadata, type Metadata } from '../../data/index.ts';
import type { ImageEncoder } from '../../encoders/index.ts';
import type { PictureStrategy, PictureVectorType } from '../../search/pictures/index.ts';
import type { FigureRow, PgvectorStore, PictureRow, PictureVectorCount } from '../../search/postgres/index.ts';
import { type PictureChoice, writePictureChoice } from './picture-choice.ts';

/** What was done with the pictures of a collection. */
export interface EncodedPictures {
  readonly encoder: string;
  readonly strategies: readonly PictureStrategy[];
  /** Figures whose pictures the collection has. */
  readonly figures: number;
  /** By type: vectors that were made now, those that were there, and figures that have none, since nothing is said of them or their picture cannot be decoded. */
  readonly vectors: Readonly<Partial<Record<PictureVectorType, PictureTypeCounts>>>;
}

export interface PictureTypeCounts extends PictureVectorCount {
  readonly encoded: number;
  readonly kept: number;
  readonly leftOut: number;
}

export interface EncodePicturesOptions {
  readonly figures: Pick<FigureReader, 'read'>;
  readonly encoder: ImageEncoder;
  readonly choice: PictureChoice;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The types of vectors that a way of searching wants: of dual, the description's is the row's own. */
const TYPE: Readonly<Record<PictureStrategy, PictureVectorType>> = { fusion: 'fusion', dual: 'visual' };
/** Pictures that are encoded and kept in memory at once. */
const BATCH = 32;

/**
 * Gives every figure of a collection whose picture it has the vectors that are wanted. One that was made from the same picture, and of fusion the same words, by the same encoder is kept, so that after a
 * change only what changed is encoded. All of it counts at once. What is said of a figure are its caption and its text for who cannot see it, else the heading, the title or the file that it stands in: nothing is
 * decompressed.
 */
export async function encodePictures(store: PgvectorStore, options: EncodePicturesOptions): Promise<EncodedPictures> {
  const { encoder, choice, signal } = options;
  const rows: { readonly type: PictureVectorType; readonly made: readonly PictureRow[] }[] = [];
  const counts = new Map<PictureVectorType, Omit<PictureTypeCounts, keyof PictureVectorCount>>();
  let figures = 0;
  for (const type of choice.strategies.map((strategy) => TYPE[strategy])) {
    const stored = await store.pictures.encoder(type);
    const { id, revision, settings } = encoder.description;
    const same =
      stored?.id === id && stored.revision === revision && JSON.stringify(stored.settings) === JSON.stringify(settings);
    const found = (await store.pictures.figures(type)).filter(({ metadata }) => figureOfMetadata(metadata as Metadata)?.stored);
    figures = found.length;
    const { made, ...counted } = await vectorsOf(type, found, same ? await store.pictures.known(type) : new Map(), options);
    signal?.throwIfAborted();
    rows.push({ type, made });
    counts.set(type, counted);
  }
  const vectors = await store.transaction(async (inner) => {
    const done: Partial<Record<PictureVectorType, PictureTypeCounts>> = {};
    for (const { type, made } of rows) {
      await inner.pictures.choose(type, encoder.description);
      await inner.pictures.write(type, made);
      done[type] = { ...counts.get(type)!, ...(await inner.pictures.count(type)) };
    }
    await writePictureChoice(inner, choice);
    return done;
  });
  return { encoder: encoder.description.id, strategies: choice.strategies, figures, vectors };
}

async function vectorsOf(
  type: PictureVectorType,
  found: readonly FigureRow[],
  known: ReadonlyMap<string, Float32Array>,
  { figures, encoder, onProgress, signal }: EncodePicturesOptions,
): Promise<{ made: PictureRow[]; encoded: number; kept: number; leftOut: number }> {
  const made: PictureRow[] = [];
  const missing: (FigureRow & { readonly text: string; readonly wanted: string })[] = [];
  let [kept, leftOut, encoded] = [0, 0, 0];
  for (const figure of found) {
    const text = type === 'fusion' ? textOf(figure.metadata as Metadata) : '';
    const wanted = fingerprintOf(figure.figure, text);
    const vector = known.get(wanted);
    if (type === 'fusion' && text === '') leftOut++;
    else if (vector === undefined) missing.push({ ...figure, text, wanted });
    else {
      kept++;
      // Written again only where the row is another one.
      if (figure.fingerprint !== wanted) made.push({ ...placeOf(figure), fingerprint: wanted, vector });
    }
  }
  for (let start = 0; start < missing.length; start += BATCH) {
    signal?.throwIfAborted();
    const some = missing.slice(start, start + BATCH);
    const images = await Promise.all(some.map(({ figure }) => figures.read(figure)));
    const there = some.flatMap((figure, place) => (images[place] === undefined ? [] : [{ figure, image: images[place].bytes }]));
    leftOut += some.length - there.length;
    const { data, dimension } =
      type === 'fusion'
        ? await encoder.encodeFused(there.map(({ figure, image }) => ({ image, text: figure.text })))
        : await encoder.encodeImages(there.map(({ image }) => image));
    for (const [row, { figure }] of there.entries()) {
      const vector = data.slice(row * dimension, (row + 1) * dimension);
      made.push({ ...placeOf(figure), fingerprint: figure.wanted, vector });
    }
    encoded += there.length;
    onProgress?.(start + some.length, missing.length);
  }
  return { made, encoded, kept, leftOut };
}

const placeOf = ({ document, chunk }: FigureRow) => ({ document, chunk });

function fingerprintOf(figure: string, text: string): string {
  return createHash('sha256').update(`${figure}\0${text}`).digest('hex').slice(0, 32);
}

/** What is said of a figure, without its text: that would have to be decompressed. */
function textOf(metadata: Metadata): string {
  const { caption, alt } = figureOfMetadata(metadata) ?? {};
  const said = [caption, alt].filter((part) => part !== undefined);
  if (said.length > 0) return said.join(' ');
  const { headings = [], title, source = '' } = metadata;
  return headings.at(-1) ?? title ?? source.replace(/^.*\//, '').replace(/\.[^.]+$/, '');
}
