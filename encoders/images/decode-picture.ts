import { FormatError, messageOf } from '../../base/index.ts';

/** Pixels of the largest picture that is decoded, unless told otherwise: 64 million are 192 MB. */
export const MAXIMUM_PIXELS = 64_000_000;

/** A picture as numbers: sRGB, three bytes a pixel, row by row. */
export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3] */
  readonly data: Uint8Array;
}

export interface DecodeOptions {
  /** A picture whose head says more than this is refused before anything is decoded. */
  readonly maximumPixels?: number | undefined;
  /** [height, width] that the picture is brought to as a whole, with white around it; absent: its own. */
  readonly size?: readonly [height: number, width: number] | undefined;
}

/**
 * Decodes a PNG, JPEG, WebP, GIF (its first frame) or SVG. The size that the file declares is looked at before anything is decoded; what is transparent becomes white; the orientation that EXIF states
 * is applied, and no other metadata leaves this function. An SVG is drawn, never executed: it gets nothing from elsewhere, and one that defines entities of entities or of files is refused.
 *
 * @throws FormatError `PICTURE_UNREADABLE`, `PICTURE_TOO_LARGE`
 */
export async function decodePicture(bytes: Uint8Array, options: DecodeOptions = {}): Promise<DecodedPicture> {
  const { maximumPixels = MAXIMUM_PIXELS, size } = options;
  // An SVG may be compressed, and what is in it could not be looked at.
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw unreadable('it is compressed with gzip');
  const xml = xmlOf(bytes);
  if (xml !== undefined && definesEntities(xml))
    throw unreadable('it is an SVG that defines entities of entities or of files, which are not expanded');
  if (xml !== undefined) await checkEmbedded(xml, maximumPixels);
  // The library is loaded with the first picture.
  const { default: sharp } = await import('sharp');
  const open = () => sharp(bytes, { limitInputPixels: maximumPixels, failOn: 'error', pages: 1 });
  await checkSize(bytes, maximumPixels);
  try {
    let image = open().autoOrient().flatten({ background: '#ffffff' }).toColourspace('srgb');
    if (size !== undefined) image = image.resize(size[1], size[0], { fit: 'contain', background: '#ffffff' });
    const { data, info } = await image.removeAlpha().raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data: info.channels === 3 ? data : greyToRgb(data) };
  } catch (cause) {
    throw unreadable(messageOf(cause), cause);
  }
}

function greyToRgb(data: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: 3 * data.length }, (_, place) => data[Math.floor(place / 3)]!);
}

/**
 * Reads the size that a picture declares, and decodes nothing.
 *
 * @throws FormatError as `decodePicture`
 */
async function checkSize(bytes: Uint8Array, maximumPixels: number): Promise<void> {
  const { default: sharp } = await import('sharp');
  let declared: { width: number; height: number };
  try {
    declared = await sharp(bytes, { limitInputPixels: false, pages: 1 }).metadata();
  } catch (cause) {
    throw unreadable(messageOf(cause), cause);
  }
  const { width, height } = declared;
  if (width * height <= maximumPixels) return;
  throw new FormatError(
    'PICTURE_TOO_LARGE',
    `a picture of ${width} x ${height} pixels is larger than the ${maximumPixels} that are decoded; make it smaller`,
    { details: { width, height, maximumPixels } },
  );
}

/** Longest value of an entity that an SVG may define: a namespace's address, as drawing programs write them. */
const LONGEST_ENTITY = 200;

/** The text of a file that is XML, as Latin-1; of UTF-16 every other byte, which are its ASCII characters. Undefined for other files. */
function xmlOf(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return /^[\s\0\xef\xbb\xbf\xff\xfe]*</.test(text.slice(0, 64)) ? text.replaceAll('\0', '') : undefined;
}

/** Whether an SVG has entities that could grow or fetch: of other entities, of files or addresses, or long ones. */
function definesEntities(xml: string): boolean {
  const declarations = xml.split('<!ENTITY').slice(1);
  return declarations.some((declaration) => {
    const value = /^\s+[\w.:-]+\s+(?:"([^"&%]*)"|'([^'&%]*)')\s*>/.exec(declaration);
    return value === null || (value[1] ?? value[2] ?? '').length > LONGEST_ENTITY;
  });
}

/**
 * Looks at the declared sizes of pictures inside of an SVG, which the library would decode without.
 *
 * @throws FormatError as `decodePicture`
 */
async function checkEmbedded(xml: string, maximumPixels: number): Promise<void> {
  for (const [element] of xml.matchAll(/<(?:[\w.-]+:)?(?:image|feImage)\b[^>]*>/gi)) {
    const href = /href\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(element);
    const address = (href?.[1] ?? href?.[2] ?? '').trim();
    // What is neither here nor inside is not fetched.
    if (!address.includes('&') && !/^data:/i.test(address)) continue;
    const base64 = /^data:image\/[\w.+-]+;base64,([A-Za-z0-9+/=\s]+)$/i.exec(address)?.[1];
    if (base64 === undefined) throw unreadable('it is an SVG with a picture inside that is not in base64');
    await checkSize(Buffer.from(base64, 'base64'), maximumPixels);
  }
}

function unreadable(reason: string, cause?: unknown): FormatError {
  return new FormatError(
    'PICTURE_UNREADABLE',
    `a picture cannot be read (${reason.replaceAll('\n', ' ')}); PNG, JPEG, WebP, GIF and SVG can`,
    { cause },
  );
}
