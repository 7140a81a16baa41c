/** Most passages of a chunk: their numbers have 16 bits. */
export const MAXIMUM_PASSAGES = 2 ** 16 - 1;

const PASSAGE_PLACES = 2 ** 16;

/**
 * A passage's place within its document as one number, which orders by chunk and then by passage. It is whole and exact: chunk numbers have 31 bits, passages 16,
 * and a double holds 53.
 */
export const passagePlace = (chunk: number, passage: number): number => chunk * PASSAGE_PLACES + passage;

/** The chunk and the passage that stand at a place. */
export const atPassagePlace = (place: number): { readonly chunk: number; readonly passage: number } => ({
  chunk: Math.floor(place / PASSAGE_PLACES),
  passage: place % PASSAGE_PLACES,
});
