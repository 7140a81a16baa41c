/** Pictures of a collection: what encodes them is opened, their vectors are made, and they are searched. */
export { IMAGE_ENCODER_GRAMMAR, type OpenImagesOptions, openImages } from './open-images.ts';
export {
  type EncodeCollectionPicturesOptions,
  encodeCollectionPictures,
  type OpenPictures,
  openPictures,
  strategiesOf,
} from './picture-collection.ts';
