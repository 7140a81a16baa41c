import type { DecodedPicture } from './decode-picture.ts';

/** A decoded picture as the bytes of a PNG, which holds its pixels and nothing else. */
export async function encodePng({ width, height, data }: DecodedPicture): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp');
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
