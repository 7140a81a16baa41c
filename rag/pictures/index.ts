/** Pictures of a collection's figures: their vectors are made and kept, and searched in layers. */
export {
  type EncodedPictures,
  type EncodePicturesOptions,
  encodePictures,
  type PictureTypeCounts,
} from './encode-pictures.ts';
export { type PictureChoice, readPictureChoice } from './picture-choice.ts';
export { embedQueries, type PictureResult, type PictureSearchOptions, searchForPictures } from './picture-searcher.ts';
