import { FormatError, UsageError } from '../../../base/index.ts';
import { type VectorGroup, vectorGroup } from '../../../encoders/index.ts';

/** How a stored group keeps its vectors; GROUPS.md says it byte by byte. */
export const GROUP_CODECS = ['float16', 'int8', 'residual2'] as const;
export type GroupCodecKind = (typeof GROUP_CODECS)[number];

/** Writes groups as bytes and reads them. */
export interface GroupCodec {
  readonly kind: GroupCodecKind;
  readonly dimension: number;
  /** @throws UsageError `GROUP_DIMENSION` for a group of other vectors, `GROUP_SIZE` for one of more than 65,535 */
  encode(group: VectorGroup): Uint8Array;
  /**
   * Rows are normalised again: what storing them lost is no length.
   *
   * @throws FormatError `GROUP_FORMAT`
   */
  decode(bytes: Uint8Array, words?: readonly string[]): VectorGroup;
}

const HEADER_BYTES = 6;
const VERSION = 1;
const MOST_VECTORS = 2 ** 16 - 1;

/** How a codec keeps one row. */
export interface RowCodec {
  readonly bytes: number;
  write(row: Float32Array, view: DataView, at: number): void;
  read(view: DataView, at: number, into: Float32Array): void;
}

/** A codec by what it does with a row: the header is the same for all. */
export function codecOfRows(kind: GroupCodecKind, dimension: number, rows: RowCodec): GroupCodec {
  const code = GROUP_CODECS.indexOf(kind) + 1;
  return {
    kind,
    dimension,
    encode: (group) => {
      assertStorable(group, dimension);
      const bytes = new Uint8Array(HEADER_BYTES + group.vectors * rows.bytes);
      const view = new DataView(bytes.buffer);
      view.setUint8(0, code);
      view.setUint8(1, VERSION);
      view.setUint16(2, group.vectors, true);
      view.setUint16(4, dimension, true);
      for (let row = 0; row < group.vectors; row++)
        rows.write(group.data.subarray(row * dimension, (row + 1) * dimension), view, HEADER_BYTES + row * rows.bytes);
      return bytes;
    },
    decode: (bytes, words) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const vectors = bytes.length < HEADER_BYTES ? 0 : view.getUint16(2, true);
      const isRight =
        vectors > 0 &&
        view.getUint8(0) === code &&
        view.getUint8(1) === VERSION &&
        view.getUint16(4, true) === dimension &&
        bytes.length === HEADER_BYTES + vectors * rows.bytes;
      if (!isRight) throw malformed(bytes, kind, dimension);
      const data = new Float32Array(vectors * dimension);
      for (let row = 0; row < vectors; row++)
        rows.read(view, HEADER_BYTES + row * rows.bytes, data.subarray(row * dimension, (row + 1) * dimension));
      return vectorGroup(data, dimension, words);
    },
  };
}

function assertStorable({ vectors, dimension, data }: VectorGroup, wanted: number): void {
  if (dimension !== wanted || data.length !== vectors * dimension) {
    throw new UsageError(
      'GROUP_DIMENSION',
      `a group of ${vectors} vectors of ${dimension} values (${data.length} in all) cannot be stored among those of ${wanted}; store groups of one encoder and projection together`,
      { details: { got: dimension, wanted } },
    );
  }
  if (vectors <= MOST_VECTORS) return;
  throw new UsageError(
    'GROUP_SIZE',
    `a group of ${vectors} vectors cannot be stored: ${MOST_VECTORS} are the most; use a strategy that keeps fewer`,
    { details: { vectors } },
  );
}

function malformed(bytes: Uint8Array, kind: GroupCodecKind, dimension: number): FormatError {
  const start = Buffer.from(bytes.subarray(0, HEADER_BYTES)).toString('hex');
  return new FormatError(
    'GROUP_FORMAT',
    `${bytes.length} bytes that begin with ${start || 'nothing'} are no vector group (${kind}, ${dimension} values a vector): the index is damaged, or of another version; ingest its files into another collection`,
    { details: { bytes: bytes.length, kind, dimension } },
  );
}
