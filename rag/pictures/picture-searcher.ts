import { UsageError } from '../../base/index.ts';
import type { ImageEncoder, Vectors } from '../../encoders/index.ts';
import { fuseRankings, VectorRetriever } from '../../search/index.ts';
import {
  type PictureLayer,
  type PictureQuery,
  type PictureQueryOptions,
  type PictureStrategy,
  searchPictures,
  textRows,
} from '../../search/pictures/index.ts';
import type { ReadableCollection } from '../collection/open-collection.ts';
import type { Searcher, SearchResult } from '../retrieval/searcher.ts';
import type { PictureChoice } from './picture-choice.ts';

/** A result of a search for pictures; `parts` has the layers that found it, and `texts` where results of texts were fused in. */
export interface PictureResult extends SearchResult {
  readonly strategy?: PictureStrategy;
  /** The layer that ranks it best; absent of a result that is a text. */
  readonly layer?: PictureLayer;
}

export interface PictureSearchOptions extends Omit<PictureQueryOptions, 'strategy'> {
  /** The first that the collection was encoded for, unless given. */
  readonly strategy?: PictureStrategy | undefined;
  /** Whether what texts are found for the words of the query, or for its picture, is fused in, by rank; no unless given. */
  readonly texts?: boolean | undefined;
  readonly units?: boolean | undefined;
}

/**
 * Texts for the words of a query; for a picture alone by its vector, where that lies in the space of texts, as that of a tower does that was trained to the collection's teacher.
 *
 * @throws UsageError `PICTURES_QUERY`
 */
async function textsFor(
  searcher: Searcher,
  encoder: ImageEncoder,
  { text, image }: PictureQuery,
  { k, filter, signal, units }: Omit<PictureSearchOptions, 'strategy'>,
): Promise<SearchResult[]> {
  if (text !== undefined && text.trim() !== '') return searcher.search(text, { k, filter, signal, units });
  const { teacher, dimension } = searcher.description;
  const { id, settings, dimension: ofPictures } = encoder.description;
  if (settings['teacher'] !== teacher || ofPictures !== dimension) {
    throw new UsageError(
      'PICTURES_QUERY',
      `texts cannot be found for a picture alone: vectors of ${id} do not lie in the space of ${teacher}, as those of an image tower do that was trained to it; give words too`,
      { details: { encoder: id, teacher } },
    );
  }
  const { data } = await encoder.encodeImages([image!]);
  const only = textRows('text');
  return searcher.searchVector(data, { k, filter: filter === undefined ? only : { and: [only, filter] }, signal, units });
}

/** The vectors of queries: of texts, of pictures, and of both together, in their order. */
export async function embedQueries(encoder: ImageEncoder, queries: readonly PictureQuery[]): Promise<Vectors> {
  const { dimension } = encoder.description;
  const data = new Float32Array(queries.length * dimension);
  for (const [row, { text, image }] of queries.entries()) {
    const vectors =
      image === undefined
        ? await encoder.encodeTexts([text ?? ''])
        : text === undefined
          ? await encoder.encodeImages([image])
          : await encoder.encodeFused([{ image, text }]);
    data.set(vectors.data, row * dimension);
  }
  return { rows: queries.length, dimension, data };
}

/** Of reciprocal rank fusion (Cormack et al. 2009). */
const RANK_CONSTANT = 60;

/**
 * Finds figures of a collection by words, a picture, or both, in the layers of its strategy, and reads the results.
 *
 * @throws as `searchPictures`; UsageError `PICTURES_NONE` for a strategy that the collection was not encoded for
 */
export async function searchForPictures(
  { searcher, store, embedder, lexical }: Omit<ReadableCollection, 'corpus'>,
  encoder: ImageEncoder,
  { strategies }: PictureChoice,
  query: PictureQuery,
  { strategy = strategies[0]!, texts = false, units, ...options }: PictureSearchOptions,
): Promise<PictureResult[]> {
  if (!strategies.includes(strategy)) {
    throw new UsageError(
      'PICTURES_NONE',
      `the pictures of this collection were encoded for ${strategies.join(' and ')}, not for ${strategy}: ingest with --images ENCODER --image-vectors both to have it`,
      { details: { strategy } },
    );
  }
  const parts = {
    pictures: store.pictures,
    encoder,
    semantic: embedder && new VectorRetriever(embedder, store),
    keyword: lexical,
  };
  const hits = await searchPictures(parts, query, { ...options, strategy });
  const layers = new Map(hits.map(({ document, layer }) => [document, layer]));
  if (!texts) return withLayers(await searcher.readHits(hits, { units }), layers, strategy);
  const found = await textsFor(searcher, encoder, query, { ...options, units });
  const fused = fuseRankings(
    [
      { retriever: strategy, weight: 1, hits },
      { retriever: 'texts', weight: 1, hits: found },
    ],
    { method: 'rrf', rankConstant: RANK_CONSTANT },
    { k: options.k, name: 'pictures and texts' },
  );
  return withLayers(await searcher.readHits(fused, { units }), layers, strategy);
}

function withLayers(
  results: readonly SearchResult[],
  layers: ReadonlyMap<string, PictureLayer>,
  strategy: PictureStrategy,
): PictureResult[] {
  return results.map((result) => {
    const layer = layers.get(result.document);
    return layer === undefined ? result : { ...result, strategy, layer };
  });
}
