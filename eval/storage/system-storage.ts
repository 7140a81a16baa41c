/** How a vector can be stored, the largest first. */
export const STORED_PRECISIONS = ['single', 'half', 'int8', 'binary'] as const;
export type StoredPrecision = (typeof STORED_PRECISIONS)[number];

const SINGLE_BYTES = 4;
const HALF_BYTES = 2;
/** Beside the values of an int8 row stands its scale, a float32. */
const SCALE_BYTES = 4;

/** What is stored of a corpus beside its vectors; all are bytes. */
export interface StoredParts {
  /** The texts in UTF-8, which are not stored: what the rest is held against. */
  readonly text: number;
  /** The containers, with their dictionaries and indexes. */
  readonly container: number;
  /** The part of the containers that is dictionaries. */
  readonly dictionary: number;
  readonly mapping: number;
  /** The metadata without its sections of passages and terms; with a corpus folder, its manifest too. */
  readonly metadata: number;
  /** The section of passages. */
  readonly passages: number;
  /** The sections of terms, where they are kept. */
  readonly terms?: number;
}

/** How many vectors there are, and how long they are. */
export interface StoredVectors {
  readonly rows: number;
  readonly dimension: number;
}

/** The whole system with its vectors at one precision. */
interface SystemAtPrecision {
  readonly vectors: number;
  /** Everything that is stored: `StoredParts` and the vectors. */
  readonly all: number;
  /** all / text; null where there is no text. */
  readonly of_text: number | null;
  /** 1 - all / usual: what the system saves against the usual stack; null where there is no text and no vector. */
  readonly system_saving: number | null;
}

/** Bytes of everything that search over a corpus needs to be stored: texts, what is known of them, and vectors. A database's own bytes a row are not in it. */
export interface SystemStorage extends StoredVectors {
  readonly parts: StoredParts;
  /** Everything but the vectors. */
  readonly without_vectors: number;
  /** The usual stack: raw text and as many float32 vectors. */
  readonly usual: number;
  readonly precisions: Readonly<Record<StoredPrecision, SystemAtPrecision>>;
}

/** Bytes of one vector. `binary` is one bit a value for the search and an int8 copy for the rescoring. */
export function bytesOfVector(dimension: number, precision: StoredPrecision): number {
  const int8 = dimension + SCALE_BYTES;
  switch (precision) {
    case 'single':
      return SINGLE_BYTES * dimension;
    case 'half':
      return HALF_BYTES * dimension;
    case 'int8':
      return int8;
    case 'binary':
      return Math.ceil(dimension / 8) + int8;
  }
}

/** Adds everything up, at each precision of the vectors. */
export function systemStorage(parts: StoredParts, { rows, dimension }: StoredVectors): SystemStorage {
  const { text, container, mapping, metadata, passages, terms = 0 } = parts;
  const withoutVectors = container + mapping + metadata + passages + terms;
  const usual = text + rows * bytesOfVector(dimension, 'single');
  const at = (precision: StoredPrecision): SystemAtPrecision => {
    const vectors = rows * bytesOfVector(dimension, precision);
    const all = withoutVectors + vectors;
    return { vectors, all, of_text: text === 0 ? null : all / text, system_saving: usual === 0 ? null : 1 - all / usual };
  };
  const precisions = { single: at('single'), half: at('half'), int8: at('int8'), binary: at('binary') };
  return { rows, dimension, parts, without_vectors: withoutVectors, usual, precisions };
}

/** One line of the table of the whole system. All its numbers are those of `SystemStorage`. */
export interface SystemLine {
  readonly name: string;
  readonly bytes: number;
  /** `part`: counts in the sums below it; `within`: of the part above it. */
  readonly kind: 'part' | 'within' | 'sum';
  /** Of the sums that are whole systems: the system at that precision. */
  readonly whole: SystemAtPrecision | null;
}

/** The table of the whole system, as commands and reports show it. */
export function systemLines({ parts, without_vectors, usual, precisions }: SystemStorage): SystemLine[] {
  const line = (name: string, bytes: number, kind: SystemLine['kind'] = 'part', whole: SystemAtPrecision | null = null) => ({
    name,
    bytes,
    kind,
    whole,
  });
  return [
    line('raw text', parts.text, 'sum'),
    line('usual stack: raw text, float32 vectors', usual, 'sum'),
    line('container', parts.container),
    line('its dictionary', parts.dictionary, 'within'),
    line('mapping', parts.mapping),
    line('metadata of documents', parts.metadata),
    ...(parts.passages === 0 ? [] : [line('metadata of passages', parts.passages)]),
    ...(parts.terms === undefined ? [] : [line('terms', parts.terms)]),
    line('without vectors', without_vectors, 'sum'),
    ...STORED_PRECISIONS.flatMap((precision) => {
      const whole = precisions[precision];
      return [line(`vectors, ${precision}`, whole.vectors), line(`all with ${precision} vectors`, whole.all, 'sum', whole)];
    }),
  ];
}
