import { ClosingStack, inStage, UsageError } from '../../base/index.ts';
import type { ImageEncoder } from '../../encoders/index.ts';
import { CollectionFolder, openCollectionToRead, type ReadableCollection } from '../../rag/index.ts';
import {
  type EncodedPictures,
  encodePictures,
  type PictureChoice,
  type PictureResult,
  type PictureSearchOptions,
  readPictureChoice,
  searchForPictures,
} from '../../rag/pictures/index.ts';
import { PICTURE_STRATEGIES, type PictureQuery, type PictureStrategy } from '../../search/pictures/index.ts';
import { type SearcherOptions, searchingOptions } from '../search/index.ts';
import { listenerOf } from '../shared/call.ts';
import { given } from '../shared/given.ts';
import { type OpenImagesOptions, openImages, settledImageEncoder } from './open-images.ts';

export interface EncodeCollectionPicturesOptions extends OpenImagesOptions {
  readonly collection: string;
  /** What encodes them, as `openImages` takes it; that of the collection unless given. */
  readonly images?: string | undefined;
  /** How they are to be searched: by one vector of picture and description (`fusion`), by one of each (`dual`), or both ways; that of the collection, or `fusion`, unless given. */
  readonly strategies?: readonly PictureStrategy[] | undefined;
  readonly database?: string | undefined;
}

/**
 * Gives the figures of a collection vectors of their pictures, those of a collection that was made before among them.
 *
 * @returns undefined where no encoder is named and the collection has none
 * @throws UsageError `COLLECTION_MISSING`; as `openImages` and `CollectionFolder.openLive`
 */
export async function encodeCollectionPictures(options: EncodeCollectionPicturesOptions): Promise<EncodedPictures | undefined> {
  const listener = listenerOf(options);
  const { images, strategies, signal } = options;
  const collection = await CollectionFolder.openLive(options.collection, given({ database: options.database }));
  try {
    const before = await readPictureChoice(collection.store);
    const named = images === undefined ? before?.encoder : settledImageEncoder(images);
    if (named === undefined) return undefined;
    const choice: PictureChoice = { encoder: named, strategies: strategies ?? before?.strategies ?? ['fusion'] };
    const encoder = await openImages(named, options);
    try {
      return await inStage(listener, 'pictures', (stage) =>
        collection.inTurn(
          () =>
            encodePictures(collection.store, {
              figures: collection.figures,
              encoder,
              choice,
              onProgress: (done, total) => stage.progress(done, total),
              signal,
            }),
          signal,
        ),
      );
    } finally {
      await encoder.dispose();
    }
  } finally {
    await collection.close();
  }
}

/** A collection that is open for searches for its pictures. */
export interface OpenPictures extends AsyncDisposable {
  search(query: PictureQuery, options: PictureSearchOptions): Promise<PictureResult[]>;
}

/**
 * Opens a collection to search its pictures: `await using pictures = await openPictures('docs.collection')`.
 *
 * @param options.images what encodes queries, where it is not to be what the collection names: one of another identity is refused with the first search
 * @throws UsageError `PICTURES_NONE` for a collection whose pictures were not encoded; as `openCollection` and `openImages`
 */
export async function openPictures(
  path: string,
  options: SearcherOptions & { readonly images?: string | undefined } = {},
): Promise<OpenPictures> {
  const opened = new ClosingStack();
  try {
    const { note } = listenerOf(options);
    const collection: ReadableCollection = await openCollectionToRead(path, { ...searchingOptions(options), steps: { note } });
    opened.add(collection.searcher, (part) => part.close());
    const choice = await readPictureChoice(collection.store);
    if (choice === undefined) {
      throw new UsageError(
        'PICTURES_NONE',
        `the pictures of ${path} have no vectors: run cem ingest --into ${path} --images ENCODER`,
        { details: { path } },
      );
    }
    const encoder: ImageEncoder = opened.add(await openImages(options.images ?? choice.encoder, options), (part) =>
      part.dispose(),
    );
    return {
      search: (query, wanted) => searchForPictures(collection, encoder, choice, query, wanted),
      [Symbol.asyncDispose]: () => opened.close(),
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Ways of searching by the word for them: `fusion`, `dual`, `both`. */
export function strategiesOf(word: PictureStrategy | 'both'): readonly PictureStrategy[] {
  return word === 'both' ? PICTURE_STRATEGIES : [word];
}
