import { UsageError } from '../../base/index.ts';
import type { ImageEncoder } from '../../encoders/index.ts';
import type { Filter } from '../filter.ts';
import { type FusedHit, fuseRankings } from '../fusion/fuse-rankings.ts';
import { compareRanked } from '../rank-order.ts';
import type { Hit, Retriever } from '../retriever.ts';
import type { StoreHit } from '../vector-store.ts';
import { expandQuery } from './expand-query.ts';
import { FIGURE_ROWS, type PictureEncoderIdentity, type PictureVectorType } from './vector-type.ts';

/** How pictures are searched: by one vector of picture and description, or by one of each. */
export const PICTURE_STRATEGIES = ['fusion', 'dual'] as const;
export type PictureStrategy = (typeof PICTURE_STRATEGIES)[number];

/**
 * What finds figures. `semantic`: the vectors of descriptions (dual) or those of picture and description together (fusion); `visual`: those of pictures; `keyword`: words of descriptions;
 * `expansion`: the semantic layer once more, for other ways to say the query; `hybrid`: semantic and keyword added up by their scores.
 */
export const PICTURE_LAYERS = {
  fusion: ['semantic', 'keyword', 'expansion', 'hybrid'],
  dual: ['semantic', 'visual', 'keyword', 'expansion'],
} as const satisfies Readonly<Record<PictureStrategy, readonly string[]>>;
export type PictureLayer = (typeof PICTURE_LAYERS)[PictureStrategy][number];

/** A figure that was found. `parts` has the layers that found it, each with rank and score there; `score` is that of their fusion by ranks. */
export interface PictureHit extends FusedHit {
  readonly strategy: PictureStrategy;
  /** The layer that ranks it best, the first of several. */
  readonly layer: PictureLayer;
}

/** The vectors of pictures, as a store has them. */
interface PictureVectorSource {
  search(
    type: PictureVectorType,
    vector: Float32Array,
    made: PictureEncoderIdentity,
    options: {
      readonly k: number;
      readonly filter?: Filter | undefined;
      readonly threshold?: number | undefined;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<StoreHit[]>;
}

export interface PictureSearchParts {
  readonly pictures: PictureVectorSource;
  /** Made the vectors of pictures. */
  readonly encoder: ImageEncoder;
  /** Ranks all rows by the collection's own vectors; absent where it is searched by words alone. */
  readonly semantic?: Retriever | undefined;
  /** Ranks all rows by words; absent where the collection keeps none. */
  readonly keyword?: Retriever | undefined;
  /** Other ways to say a query; `expandQuery` unless given. */
  readonly expand?: ((query: string) => readonly string[]) | undefined;
}

/** Words, a picture, or both. */
export interface PictureQuery {
  readonly text?: string | undefined;
  readonly image?: Uint8Array | undefined;
}

export interface PictureQueryOptions {
  readonly k: number;
  readonly strategy: PictureStrategy;
  /** Those that are asked; all that the query and the collection allow unless given. */
  readonly layers?: readonly PictureLayer[] | undefined;
  /** Score that a layer's result has at least: the cosine of semantic, visual and expansion, BM25 of keyword. None unless given. */
  readonly thresholds?: Partial<Readonly<Record<PictureLayer, number>>> | undefined;
  readonly filter?: Filter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Results of a layer, for each that is wanted, that go into the fusion. */
const DEPTH = 4;
/** Of reciprocal rank fusion (Cormack et al. 2009). */
const RANK_CONSTANT = 60;

/**
 * Finds figures in layers, and fuses these by rank. A layer embeds the query with the model that made the vectors it searches: descriptions with the collection's own, pictures with the image encoder, whose
 * identity the store compares.
 *
 * @throws UsageError `PICTURES_QUERY`, `PICTURES_NONE`; CemError `PICTURES_OTHER_ENCODER`; the signal's reason
 */
export async function searchPictures(
  parts: PictureSearchParts,
  query: PictureQuery,
  options: PictureQueryOptions,
): Promise<PictureHit[]> {
  const { k, strategy, thresholds = {} } = options;
  const layers = layersOf(parts, query, options);
  const search = new LayerSearch(parts, query, { ...options, k: k * DEPTH });
  const rankings = new Map<PictureLayer, readonly Hit[]>();
  for (const layer of layers) {
    const hits = await search.layer(layer);
    const least = thresholds[layer];
    rankings.set(layer, least === undefined ? hits : hits.filter(({ score }) => score >= least));
  }
  const fused = fuseRankings(
    Array.from(rankings, ([retriever, hits]) => ({ retriever, weight: 1, hits })),
    { method: 'rrf', rankConstant: RANK_CONSTANT },
    { k, name: strategy },
  );
  return fused.map((hit) => {
    const best = hit.parts.reduce((one, other) => (other.rank < one.rank ? other : one));
    return { ...hit, strategy, layer: best.retriever as PictureLayer };
  });
}

/** Layers that the query and the collection allow; of those that are named, none is left out in silence. */
function layersOf(
  { semantic, keyword }: PictureSearchParts,
  { text, image }: PictureQuery,
  { strategy, layers: wanted }: PictureQueryOptions,
): readonly PictureLayer[] {
  const hasText = text !== undefined && text.trim() !== '';
  if (!hasText && image === undefined)
    throw new UsageError('PICTURES_QUERY', 'a search for pictures wants words, a picture, or both');
  const all: readonly PictureLayer[] = PICTURE_LAYERS[strategy];
  const usable = (layer: PictureLayer): boolean => {
    switch (layer) {
      case 'visual':
        return true;
      case 'semantic':
        return strategy === 'fusion' || (hasText && semantic !== undefined);
      case 'expansion':
        return hasText && (strategy === 'fusion' || semantic !== undefined);
      case 'keyword':
      case 'hybrid':
        return hasText && keyword !== undefined;
    }
  };
  const wrong = wanted?.find((layer) => !all.includes(layer) || !usable(layer));
  if (wrong !== undefined) {
    throw new UsageError(
      'PICTURES_QUERY',
      `the layer ${wrong} ${all.includes(wrong) ? 'wants words in the query, and a collection that can be searched so' : `is none of ${strategy}, which has ${all.join(', ')}`}`,
      { details: { layer: wrong, strategy } },
    );
  }
  return wanted ?? all.filter(usable);
}

/** The layers of one query. */
class LayerSearch {
  readonly #parts: PictureSearchParts;
  readonly #query: PictureQuery;
  readonly #options: PictureQueryOptions;
  readonly #done = new Map<PictureLayer, Promise<readonly Hit[]>>();

  constructor(parts: PictureSearchParts, query: PictureQuery, options: PictureQueryOptions) {
    this.#parts = parts;
    this.#query = query;
    this.#options = options;
  }

  /** Each layer is searched once, however many ask for it. */
  layer(layer: PictureLayer): Promise<readonly Hit[]> {
    let hits = this.#done.get(layer);
    if (hits === undefined) {
      hits = this.#search(layer);
      this.#done.set(layer, hits);
    }
    return hits;
  }

  async #search(layer: PictureLayer): Promise<readonly Hit[]> {
    const { text = '' } = this.#query;
    const { strategy, k } = this.#options;
    switch (layer) {
      case 'semantic':
        return strategy === 'fusion' ? this.#byPicture('fusion', this.#query) : this.#byText(this.#parts.semantic!, text);
      case 'visual':
        return this.#byPicture('visual', this.#query);
      case 'keyword':
        return this.#byText(this.#parts.keyword!, text);
      case 'expansion':
        return this.#expanded(text);
      case 'hybrid': {
        const [semantic, keyword] = [await this.layer('semantic'), await this.layer('keyword')];
        return fuseRankings(
          [
            { retriever: 'semantic', weight: 1, hits: semantic },
            { retriever: 'keyword', weight: 1, hits: keyword, floor: 0 },
          ],
          { method: 'weighted-scores' },
          { k, name: 'hybrid' },
        );
      }
    }
  }

  /** Figures for each other way to say the query; a figure's score is the best that it has for any. */
  async #expanded(text: string): Promise<readonly Hit[]> {
    const { strategy, k } = this.#options;
    const best = new Map<string, Hit>();
    for (const other of (this.#parts.expand ?? expandQuery)(text)) {
      const hits =
        strategy === 'fusion'
          ? await this.#byPicture('fusion', { text: other })
          : await this.#byText(this.#parts.semantic!, other);
      for (const hit of hits) {
        const known = best.get(hit.document);
        if (known === undefined || hit.score > known.score) best.set(hit.document, hit);
      }
    }
    return [...best.values()].sort(compareRanked).slice(0, k);
  }

  async #byText(retriever: Retriever, text: string): Promise<readonly Hit[]> {
    const { k, filter, signal } = this.#options;
    const figures: Filter = filter === undefined ? FIGURE_ROWS : { and: [FIGURE_ROWS, filter] };
    const [hits] = await retriever.search([text], { k, filter: figures, signal });
    return hits!;
  }

  async #byPicture(type: PictureVectorType, { text, image }: PictureQuery): Promise<readonly Hit[]> {
    const { encoder, pictures } = this.#parts;
    const { k, filter, signal } = this.#options;
    const hasText = text !== undefined && text.trim() !== '';
    const { data } =
      image === undefined
        ? await encoder.encodeTexts([text!])
        : hasText && type === 'fusion'
          ? await encoder.encodeFused([{ image, text }])
          : await encoder.encodeImages([image]);
    const hits = await pictures.search(type, data, encoder.description, { k, filter, signal });
    return hits.map((hit) => ({ ...hit, retriever: type }));
  }
}
