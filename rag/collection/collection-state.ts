import { z } from 'zod';
import { parseJson } from '../../base/index.ts';

/** Name of the store's property that says which state of the corpus its rows are of. */
export const STATE_PROPERTY = 'collection';

const collectionState = z.strictObject({
  corpus: z.string(),
  documents: z.int().nonnegative(),
  chunks: z.int().nonnegative(),
  passages: z.int().nonnegative(),
});

/** What a collection holds: the name of its corpus' state, and counts. */
export type CollectionState = z.infer<typeof collectionState>;

/** @throws FormatError `COLLECTION_FORMAT` */
export function parseCollectionState(text: string): CollectionState {
  return parseJson(text, collectionState, 'the database', {
    code: 'COLLECTION_FORMAT',
    what: 'the state of a collection',
    remedy: 'ingest the files into another collection',
  });
}
