/** Pictures with captions, from a package of the Debian registry. */
export { type FetchedPictures, type FetchPicturesOptions, fetchPictures, PICTURE_SETS } from './fetch-pictures.ts';
