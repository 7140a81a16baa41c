import type { JsonValue, Metadata } from '../metadata/metadata.ts';

/** Media types that pictures are stored as. Others become one of these when they are read: SVG and what a PDF draws with lines as PNG. */
export const FIGURE_MEDIA_TYPES = ['image/png', 'image/jpeg', 'image/webp'] as const;
export type FigureMediaType = (typeof FIGURE_MEDIA_TYPES)[number];

/** Where a figure stands on its page, in points (1/72 inch) from the page's upper left corner. */
export interface FigurePlace {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A figure's picture as it is stored: its pixels, without what was written beside them (EXIF, XMP, comments). */
export interface FigurePicture {
  readonly mediaType: FigureMediaType;
  readonly bytes: Uint8Array;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** What is known of a figure beside its picture's bytes. */
export interface Figure {
  /** SHA-256 of its picture's bytes, 64 hexadecimal digits, by which the collection's `FigureStore` has it; of a figure whose picture nobody has, of the place where it stands. */
  readonly id: string;
  /** Absent where nobody has the picture: it lies on another host, or is drawn by lines where there is no canvas. */
  readonly mediaType?: FigureMediaType;
  /** Pixels; absent as `mediaType` is. */
  readonly width?: number;
  readonly height?: number;
  /** Whether the collection has the picture's bytes, or only says where they are from. */
  readonly stored: boolean;
  /** The file that the picture is, in the collection's paths, where it is one of its own beside its document. */
  readonly file?: string;
  /** From 1, where the format has pages. */
  readonly page?: number;
  readonly place?: FigurePlace;
  /** `图4：…`, `Figure 4. …`, or what else stands as its caption. */
  readonly caption?: string;
  /** Its number, where its caption has one, as `figureNumber` writes it: 4 of 图4, 2-1 of Figure 2.1. */
  readonly number?: string;
  /** The text that its document gives for who cannot see it. */
  readonly alt?: string;
  /** Words inside of the picture: those of an SVG's `<text>`, of the letters that a PDF draws in a chart, of OCR. */
  readonly words?: string;
  /** What its document says beside it. */
  readonly nearby?: string;
}

/** Value of the field `chunk_type` of what describes a figure. */
export const FIGURE_CHUNK = 'figure';
/** Value of the field `vector_type`: the vector is of the figure's description, a text. */
export const DESCRIPTION_VECTOR = 'description';

/** What the metadata of a figure's description has as `fields`. Words and what is nearby are its text, and no fields. */
export function figureFields({
  id,
  mediaType,
  width,
  height,
  stored,
  file,
  place,
  caption,
  number,
  alt,
}: Figure): Readonly<Record<string, JsonValue>> {
  return {
    chunk_type: FIGURE_CHUNK,
    vector_type: DESCRIPTION_VECTOR,
    figure_id: id,
    figure_stored: stored,
    ...(mediaType && { figure_media_type: mediaType }),
    ...(width !== undefined && { figure_width: width }),
    ...(height !== undefined && { figure_height: height }),
    ...(file !== undefined && { figure_file: file }),
    ...(place && { figure_place: [place.left, place.top, place.width, place.height] }),
    ...(caption !== undefined && { figure_caption: caption }),
    ...(number !== undefined && { figure_number: number }),
    ...(alt !== undefined && { figure_alt: alt }),
  };
}

/** The figure that metadata are of; undefined where they are of a text. */
export function figureOfMetadata(metadata: Metadata | undefined): Figure | undefined {
  const { fields = {}, pages } = metadata ?? {};
  const id = textOf(fields['figure_id']);
  if (fields['chunk_type'] !== FIGURE_CHUNK || id === undefined || !/^[0-9a-f]{64}$/.test(id)) return undefined;
  const mediaType = FIGURE_MEDIA_TYPES.find((type) => type === fields['figure_media_type']);
  const [width, height] = [numberOf(fields['figure_width']), numberOf(fields['figure_height'])];
  const [file, caption, number, alt] = ['figure_file', 'figure_caption', 'figure_number', 'figure_alt'].map((name) =>
    textOf(fields[name]),
  );
  const place = placeOf(fields['figure_place']);
  return {
    id,
    stored: fields['figure_stored'] === true,
    ...(mediaType && { mediaType }),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(file !== undefined && { file }),
    ...(pages && { page: pages.first }),
    ...(place && { place }),
    ...(caption !== undefined && { caption }),
    ...(number !== undefined && { number }),
    ...(alt !== undefined && { alt }),
  };
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function placeOf(value: JsonValue | undefined): FigurePlace | undefined {
  if (!Array.isArray(value) || value.length !== 4 || !value.every((side) => typeof side === 'number')) return undefined;
  const [left, top, width, height] = value as [number, number, number, number];
  return { left, top, width, height };
}
