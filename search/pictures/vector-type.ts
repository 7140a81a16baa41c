import type { EncoderDescription } from '../../encoders/index.ts';
import type { Filter } from '../filter.ts';

/**
 * What a row's vector is of: a `text`, the `description` of a figure (a text too, embedded as all texts are), a figure's picture by itself (`visual`), or its picture and description together (`fusion`).
 */
export const VECTOR_TYPES = ['text', 'description', 'visual', 'fusion'] as const;
export type VectorType = (typeof VECTOR_TYPES)[number];

/** Those that an image encoder makes. */
export const PICTURE_VECTOR_TYPES = ['visual', 'fusion'] as const;
export type PictureVectorType = (typeof PICTURE_VECTOR_TYPES)[number];

/** Value of the field `chunk_type` of the rows of figures. */
const FIGURE = 'figure';

/** Rows of figures, whatever their vectors are of. */
export const FIGURE_ROWS: Filter = { field: 'fields.chunk_type', equals: FIGURE };

/** The rows of texts, or those of figures' descriptions, among the rows that the collection's own encoder made. */
export function textRows(type: 'text' | 'description'): Filter {
  return type === 'description' ? FIGURE_ROWS : { not: FIGURE_ROWS };
}

/** Who made the vectors of a type, as the store keeps it. */
export type PictureEncoderIdentity = Pick<EncoderDescription, 'id' | 'revision' | 'dimension' | 'settings'>;
