import { z } from 'zod';
import { parseJson } from '../../base/index.ts';
import { PICTURE_STRATEGIES, type PictureStrategy } from '../../search/pictures/index.ts';
import type { CollectionFolder } from '../collection/collection-folder.ts';

const choiceSchema = z.strictObject({
  /** What encodes pictures, as it was named. */
  encoder: z.string().min(1),
  strategies: z.array(z.enum(PICTURE_STRATEGIES)).min(1),
});

/** By what the pictures of a collection were encoded, so that they can be searched, and encoded further. */
export interface PictureChoice {
  readonly encoder: string;
  readonly strategies: readonly PictureStrategy[];
}

const PROPERTY = 'pictures';
type Store = Pick<CollectionFolder['store'], 'property' | 'setProperty'>;

/** Undefined where no pictures were encoded. Throws FormatError `COLLECTION_FORMAT`. */
export async function readPictureChoice(store: Pick<Store, 'property'>): Promise<PictureChoice | undefined> {
  const text = await store.property(PROPERTY);
  if (text === undefined) return undefined;
  return parseJson(text, choiceSchema, 'the database', {
    code: 'COLLECTION_FORMAT',
    what: 'the encoder of pictures',
    remedy: 'ingest with --images ENCODER again',
  });
}

/** In the transaction that writes their vectors. */
export function writePictureChoice(store: Pick<Store, 'setProperty'>, choice: PictureChoice): Promise<void> {
  return store.setProperty(PROPERTY, JSON.stringify(choice));
}
