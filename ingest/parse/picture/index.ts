/** Pictures, by themselves or in documents: decoded within limits, and kept without what was written beside their pixels. */

export { BlockPictures, dataBytes, type PictureSource, pageSource } from './block-pictures.ts';
export { imageParser } from './image-parser.ts';
export { encodePixels, type LeftOut, MOST_PIXELS, picturePixels } from './read-picture.ts';
