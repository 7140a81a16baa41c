import { isCemError } from '../base/index.ts';
import { HttpError } from './errors.ts';

/**
 * The bytes of a picture that a request holds, in base64 or as a `data:` address; nothing is fetched.
 *
 * @throws HttpError 400 `PICTURE_BODY`
 */
export function pictureOf(text: string): Uint8Array {
  const base64 = text.replace(/^data:image\/[\w.+-]+;base64,/, '').replace(/\s+/g, '');
  if (base64 !== '' && /^[A-Za-z0-9+/_-]+={0,2}$/.test(base64)) return Buffer.from(base64, 'base64');
  throw new HttpError(400, 'image: send the picture itself, in base64 or as data:image/TYPE;base64,…', { code: 'PICTURE_BODY' });
}

/** A picture that cannot be decoded, or is too large, is its sender's matter. */
export function refuseBadPicture(error: unknown): never {
  if (isCemError(error) && /^PICTURE_(UNREADABLE|TOO_LARGE)$/.test(error.code))
    throw new HttpError(400, `image: ${error.message}`, { code: error.code });
  throw error;
}
