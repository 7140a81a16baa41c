import type sharp from 'sharp';
import { CemError, messageOf } from '../../../base/index.ts';
import type { FigurePicture } from '../../../data/index.ts';
import type { Pixels } from '../../recognition/index.ts';
import { pictureFormat } from './picture-format.ts';
import { safeSvg } from './safe-svg.ts';
import { stripMetadata } from './strip-metadata.ts';

/** Why a picture is no figure. */
export type LeftOut = 'small' | 'plain' | 'unreadable' | 'large';

/** What a picture is. */
export type ReadPicture =
  | { readonly picture: FigurePicture; readonly alt?: string; readonly words?: string }
  | { readonly leftOut: LeftOut; readonly reason: string };

type Sharp = typeof sharp;

/** Pixels that a picture may declare: 200 MB when they are unpacked. */
export const MOST_PIXELS = 50_000_000;
/** A picture with fewer pixels than a square of this side, or thinner than the other, decorates. */
const SMALLEST_SIDE = 64;
const THINNEST = 16;
/** Channels whose values differ by no more, of 255, are of one colour. */
const ONE_COLOUR = 8;
/** Pixels of the longer side of what is drawn from an SVG. */
const SVG_SIDE = 1200;
const SVG_LEAST = 64;
const JPEG_QUALITY = 90;

let loading: Promise<Sharp> | undefined;

/**
 * The package that decodes pictures. It keeps nothing in memory, and uses one thread.
 *
 * @throws CemError `PARSE_IMAGE_MISSING`
 */
export function loadSharp(): Promise<Sharp> {
  loading ??= import('sharp').then(
    ({ default: library }) => {
      library.cache(false);
      library.concurrency(1);
      return library;
    },
    (cause: unknown) => {
      throw new CemError(
        'PARSE_IMAGE_MISSING',
        `pictures are read by the package sharp, which cannot be loaded (${messageOf(cause)}); install it: npm install sharp`,
        { cause },
      );
    },
  );
  return loading;
}

/**
 * Reads a picture: PNG, JPEG and WebP stay as they are but for what was written beside their pixels; the first frame of a GIF and a drawing (SVG) become PNG. Sizes are looked at before anything is
 * unpacked, and every pixel is decoded once.
 *
 * @throws CemError `PARSE_IMAGE_MISSING`
 */
export async function readPicture(bytes: Uint8Array): Promise<ReadPicture> {
  const library = await loadSharp();
  const format = pictureFormat(bytes);
  if (format === undefined) return { leftOut: 'unreadable', reason: 'it is no PNG, JPEG, WebP, GIF or SVG' };
  try {
    return format === 'svg' ? await readSvg(library, bytes) : await readRaster(library, bytes, format);
  } catch (error) {
    return { leftOut: 'unreadable', reason: messageOf(error).replace(/\s+/g, ' ') };
  }
}

async function readRaster(library: Sharp, bytes: Uint8Array, format: 'png' | 'jpeg' | 'webp' | 'gif'): Promise<ReadPicture> {
  const options = { limitInputPixels: MOST_PIXELS, failOn: 'error', pages: 1 } as const;
  const { width, height, orientation = 1 } = await library(bytes, { ...options, limitInputPixels: false }).metadata();
  const declared = refusedSize(width, height);
  if (declared !== undefined) return declared;
  // A camera that was held upright says so beside the pixels.
  const turned = orientation > 1 && orientation <= 8;
  if (format === 'gif') return withPixels(library, await library(bytes, options).png().toBuffer(), 'image/png');
  if (turned) {
    const upright = library(bytes, options).autoOrient();
    if (format === 'jpeg') return withPixels(library, await upright.jpeg({ quality: JPEG_QUALITY }).toBuffer(), 'image/jpeg');
    return withPixels(library, await upright.png().toBuffer(), 'image/png');
  }
  return withPixels(library, stripMetadata(bytes, format), `image/${format}`);
}

async function readSvg(library: Sharp, bytes: Uint8Array): Promise<ReadPicture> {
  const { text, width = SVG_SIDE, height = width, alt, words } = safeSvg(bytes, 'the drawing');
  const declared = refusedSize(width, height);
  if (declared !== undefined) return declared;
  const longer = Math.max(width, height);
  // Drawings are drawn at a readable size: 72 dots an inch is their size as it is.
  const density = Math.min(2400, (72 * Math.max(SVG_LEAST, SVG_SIDE)) / longer);
  const image = await library(Buffer.from(text), { density, limitInputPixels: MOST_PIXELS })
    .resize({ width: SVG_SIDE, height: SVG_SIDE, fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .png()
    .toBuffer();
  const read = await withPixels(library, image, 'image/png');
  if ('leftOut' in read) return read;
  return { ...read, ...(alt !== '' && { alt }), ...(words !== '' && { words }) };
}

/** Decodes all pixels of what is to be stored. */
async function withPixels(library: Sharp, bytes: Uint8Array, mediaType: FigurePicture['mediaType']): Promise<ReadPicture> {
  const image = library(bytes, { limitInputPixels: MOST_PIXELS, failOn: 'error', pages: 1 });
  const { width, height } = await image.metadata();
  const { channels } = await image.stats();
  if (channels.every(({ min, max }) => max - min <= ONE_COLOUR)) return { leftOut: 'plain', reason: 'it has one colour' };
  return { picture: { mediaType, bytes: Uint8Array.from(bytes), width, height } };
}

/** Pixels of the longer side of what is looked at for texts. */
const LONGEST_SIDE = 3_000;

/** A stored picture's pixels on white, smaller where it is very large. */
export async function picturePixels({ bytes }: FigurePicture): Promise<Pixels> {
  const library = await loadSharp();
  const { data, info } = await library(bytes, { limitInputPixels: MOST_PIXELS, failOn: 'error', pages: 1 })
    .flatten({ background: '#ffffff' })
    .resize({ width: LONGEST_SIDE, height: LONGEST_SIDE, fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels === 3) return { width, height, data };
  const rgb = new Uint8Array(3 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) rgb.fill(data[pixel * channels]!, 3 * pixel, 3 * pixel + 3);
  return { width, height, data: rgb };
}

/** Raw pixels as a picture: as PNG, or as JPEG where that is far smaller, as it is of photographs. */
export async function encodePixels(
  data: Uint8Array,
  { width, height, channels }: { readonly width: number; readonly height: number; readonly channels: 1 | 3 | 4 },
): Promise<ReadPicture> {
  const declared = refusedSize(width, height);
  if (declared !== undefined) return declared;
  const library = await loadSharp();
  try {
    const raw = { raw: { width, height, channels } };
    const png = await library(data, raw).png().toBuffer();
    if (channels === 3) {
      const jpeg = await library(data, raw).jpeg({ quality: JPEG_QUALITY }).toBuffer();
      if (png.length > PHOTOGRAPH * jpeg.length) return await withPixels(library, jpeg, 'image/jpeg');
    }
    return await withPixels(library, png, 'image/png');
  } catch (error) {
    return { leftOut: 'unreadable', reason: messageOf(error) };
  }
}

/** A PNG that is so many times larger than a JPEG is of a photograph. */
const PHOTOGRAPH = 3;

function refusedSize(width: number, height: number): ReadPicture | undefined {
  if (width * height > MOST_PIXELS)
    return { leftOut: 'large', reason: `it declares ${width} by ${height} pixels, and ${MOST_PIXELS} are the most` };
  if (width * height < SMALLEST_SIDE ** 2 || Math.min(width, height) < THINNEST)
    return { leftOut: 'small', reason: `it has ${width} by ${height} pixels` };
  return undefined;
}
