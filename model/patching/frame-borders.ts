import { LiteralsSection, malformedInput, PaddedBytes, readFrameHeader } from '../../zpkg/index.ts';

/** Block types (RFC 8878, 3.1.1.2.2). */
const RUN = 1;
const COMPRESSED = 2;
const RESERVED = 3;
const BLOCK_HEADER_BYTES = 3;

/**
 * Where the parts of a zstd frame begin, for an encoder whose symbols are the frame's bytes: the frame's header (0), each block with its header and literals section, and in compressed blocks
 * the sequences section. Nothing is decoded.
 *
 * @param frame exactly one frame
 * @returns positions in bytes, ascending; what `FramePatcher` takes as `blockStarts`
 * @throws FormatError FRAME_TRUNCATED, FRAME_BAD_MAGIC, FRAME_CORRUPT
 */
export function frameBorders(frame: Uint8Array): Uint32Array {
  const header = readFrameHeader(frame);
  const literals = new LiteralsSection();
  const borders = [0];
  let position = header.length;
  for (let last = false; !last; ) {
    const start = position + BLOCK_HEADER_BYTES;
    if (start > frame.length)
      throw malformedInput('FRAME_TRUNCATED', 'zstd frame', frame.length, 'it ends where a block header must follow');
    const blockHeader = frame[position]! | (frame[position + 1]! << 8) | (frame[position + 2]! << 16);
    const type = (blockHeader >>> 1) & 3;
    const size = blockHeader >>> 3;
    if (type === RESERVED) throw malformedInput('FRAME_CORRUPT', 'zstd frame', position, 'a block of the reserved type');
    if (size > header.blockMaximum)
      throw malformedInput(
        'FRAME_CORRUPT',
        'zstd frame',
        position,
        `a block of ${size} bytes, at most ${header.blockMaximum} are allowed`,
      );
    const end = start + (type === RUN ? 1 : size);
    if (end > frame.length)
      throw malformedInput('FRAME_TRUNCATED', 'zstd frame', frame.length, `a block would end at byte ${end}`);
    borders.push(position);
    if (type === COMPRESSED) {
      const block = new PaddedBytes(size, 'zstd frame');
      block.load(frame, start, end);
      literals.readHeader(block, block.start, header.blockMaximum);
      borders.push(start + literals.end - block.start);
    }
    position = end;
    last = (blockHeader & 1) === 1;
  }
  return Uint32Array.from(borders);
}
