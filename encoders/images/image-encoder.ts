import type { OnProgress } from '../../base/index.ts';
import type { EncoderDescription, Vectors } from '../encoder.ts';

/**
 * Puts pictures, texts, and pictures together with what is said of them into one space, so that any of them finds any other. All vectors are L2-normalised and have the description's
 * dimension.
 *
 * Pictures are the bytes of their files: PNG, JPEG, WebP, GIF (the first frame), SVG.
 */
export interface ImageEncoder {
  readonly description: EncoderDescription;
  /** [images.length, dimension]. Throws as `decodePicture`. */
  encodeImages(images: readonly Uint8Array[], onProgress?: OnProgress): Promise<Vectors>;
  /** [texts.length, dimension]: queries, captions, descriptions. */
  encodeTexts(texts: readonly string[], onProgress?: OnProgress): Promise<Vectors>;
  /** [pictures.length, dimension]: one vector of a picture and its text, which queries of either kind meet. */
  encodeFused(pictures: readonly DescribedPicture[], onProgress?: OnProgress): Promise<Vectors>;
  dispose(): Promise<void>;
}

/** A picture and what is said of it. */
export interface DescribedPicture {
  readonly image: Uint8Array;
  readonly text: string;
}
