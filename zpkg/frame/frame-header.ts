import { malformedInput } from './padded-bytes.ts';

/** First four bytes (little endian) of a zstd frame (RFC 8878, 3.1.1). */
const FRAME_MAGIC = 0xfd2fb528;
/** Skippable frames have this magic in its upper 28 bits (RFC 8878, 3.1.2). */
const SKIPPABLE_MAGIC = 0x184d2a50;
/** Largest block of any frame in bytes (RFC 8878, 3.1.1.2.4). */
export const LARGEST_BLOCK = 128 * 1024;

/** What a zstd frame says of itself before its first block. */
export interface FrameHeader {
  /** Bytes of the header = position of the first block. */
  readonly length: number;
  /** Decompressed bytes, undefined when the frame does not say. */
  readonly contentSize: number | undefined;
  /** Id of the dictionary that is needed, 0 when the frame does not say. */
  readonly dictionaryId: number;
  /** True when four bytes of checksum follow the last block. */
  readonly hasChecksum: boolean;
  /** Largest decompressed size of a block: the smaller of window and 128 KiB. */
  readonly blockMaximum: number;
}

/**
 * Reads the header of a zstd frame.
 *
 * @throws FormatError FRAME_TRUNCATED, FRAME_BAD_MAGIC (skippable frames too), FRAME_CORRUPT
 */
export function readFrameHeader(frame: Uint8Array): FrameHeader {
  if (frame.length < 6)
    throw malformedInput('FRAME_TRUNCATED', 'zstd frame', frame.length, `${frame.length} bytes are no frame header`);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const magic = view.getUint32(0, true);
  if (magic !== FRAME_MAGIC) {
    const kind = (magic & ~15) >>> 0 === SKIPPABLE_MAGIC ? 'a skippable frame' : `magic number 0x${magic.toString(16)}`;
    throw malformedInput(
      'FRAME_BAD_MAGIC',
      'zstd frame',
      0,
      `${kind} where a zstd frame (0x${FRAME_MAGIC.toString(16)}) must start`,
    );
  }
  const descriptor = view.getUint8(4);
  if ((descriptor & 8) !== 0)
    throw malformedInput('FRAME_CORRUPT', 'zstd frame', 4, 'the reserved bit of the frame header descriptor is set');
  const singleSegment = (descriptor & 32) !== 0;
  const idBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6]!;
  const idAt = singleSegment ? 5 : 6;
  const sizeAt = idAt + idBytes;
  const length = sizeAt + sizeBytes;
  if (frame.length < length)
    throw malformedInput('FRAME_TRUNCATED', 'zstd frame', frame.length, `the frame header takes ${length} bytes`);

  let dictionaryId = 0;
  if (idBytes === 1) dictionaryId = view.getUint8(idAt);
  else if (idBytes === 2) dictionaryId = view.getUint16(idAt, true);
  else if (idBytes === 4) dictionaryId = view.getUint32(idAt, true);

  let contentSize: number | undefined;
  if (sizeBytes === 1) contentSize = view.getUint8(sizeAt);
  else if (sizeBytes === 2) contentSize = view.getUint16(sizeAt, true) + 256;
  else if (sizeBytes === 4) contentSize = view.getUint32(sizeAt, true);
  else if (sizeBytes === 8) contentSize = view.getUint32(sizeAt, true) + view.getUint32(sizeAt + 4, true) * 2 ** 32;

  const window = singleSegment ? contentSize! : windowSize(view.getUint8(5));
  return {
    length,
    contentSize,
    dictionaryId,
    hasChecksum: (descriptor & 4) !== 0,
    blockMaximum: Math.min(window, LARGEST_BLOCK),
  };
}

/** Window size in bytes (RFC 8878, 3.1.1.1.2); up to 3.75 TB, so no 32-bit arithmetic. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + (base / 8) * (descriptor & 7);
}
