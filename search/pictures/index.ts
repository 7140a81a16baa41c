/** Search for figures: vectors of pictures beside the vectors and words of their descriptions, in layers. */
export { askedFigures } from './asked-figures.ts';
export { expandQuery } from './expand-query.ts';
export { FiguresFirstRetriever, placesOfFigures } from './figures-first-retriever.ts';
export {
  PICTURE_LAYERS,
  PICTURE_STRATEGIES,
  type PictureHit,
  type PictureLayer,
  type PictureQuery,
  type PictureQueryOptions,
  type PictureSearchParts,
  type PictureStrategy,
  searchPictures,
} from './picture-search.ts';
export { raisedBefore } from './raised-before.ts';
export {
  FIGURE_ROWS,
  PICTURE_VECTOR_TYPES,
  type PictureEncoderIdentity,
  type PictureVectorType,
  textRows,
  VECTOR_TYPES,
  type VectorType,
} from './vector-type.ts';
