import { FormatError } from '../../base/index.ts';
import { LARGEST_CHUNK_CONTENT } from '../limits.ts';
import type { Dictionary } from './dictionary.ts';
import { type FrameHeader, LARGEST_BLOCK, readFrameHeader } from './frame-header.ts';
import { type FrameSymbols, SymbolBuffer } from './frame-symbols.ts';
import { HuffmanTable } from './huffman.ts';
import { LiteralsSection } from './literals.ts';
import { malformedInput, PaddedBytes } from './padded-bytes.ts';
import { SHORTEST_MATCH } from './sequence-codes.ts';
import { SequenceDecoder } from './sequences.ts';

export type { FrameSymbols } from './frame-symbols.ts';

/** Bounds on what a frame may ask for. */
export interface FrameLimits {
  /** Largest decompressed size in bytes; default `LARGEST_CHUNK_CONTENT`. */
  readonly maximumSize?: number;
}

/** Block types (RFC 8878, 3.1.1.2.2). */
const RAW = 0;
const RUN = 1;
const COMPRESSED = 2;

/** Repeat offsets that a frame without a formatted dictionary starts with (RFC 8878, 3.1.1.5). */
const FIRST_REPEAT_OFFSETS = [1, 4, 8] as const;

// Parsing is synchronous, so one set of work buffers serves every frame.
const input = new PaddedBytes(LARGEST_BLOCK, 'zstd frame');
const literalsSection = new LiteralsSection();
const ownHuffmanTable = new HuffmanTable();
const sequences = new SequenceDecoder();

/**
 * Entropy-decodes one zstd frame into the literals and copies that LZ77 wrote. No copy is executed and no text comes out.
 *
 * A run-length block of n bytes is one literal and, when n > 1, one match of n - 1 bytes at distance 1. The content checksum, when
 * there is one, is not looked at: it covers the decompressed bytes, which do not exist here.
 *
 * @param frame exactly one frame: bytes behind it and skippable frames are refused
 * @param dictionary the dictionary that the frame was written with
 * @throws FormatError with `details.position`, the byte of the frame at which the problem was noticed: FRAME_TRUNCATED, FRAME_BAD_MAGIC,
 *   FRAME_CORRUPT, FRAME_BAD_ENTROPY_TABLE, FRAME_BAD_OFFSET (a copy from before the dictionary), FRAME_TRAILING_BYTES, FRAME_TOO_LARGE
 *   (over `limits.maximumSize`, noticed before anything of that size is allocated), FRAME_DICTIONARY_MISMATCH
 */
export function parseFrame(frame: Uint8Array, dictionary?: Dictionary, limits?: FrameLimits): FrameSymbols {
  const header = readFrameHeader(frame);
  const maximumSize = limits?.maximumSize ?? LARGEST_CHUNK_CONTENT;
  if (header.contentSize !== undefined) checkSize(header.contentSize, maximumSize, 4);
  checkDictionary(header, dictionary);

  const reach = dictionary?.content.length ?? 0;
  const entropy = dictionary?.entropy;
  let huffman: HuffmanTable | null = entropy?.literals ?? null;
  sequences.reset(
    entropy?.literalLengths ?? null,
    entropy?.offsets ?? null,
    entropy?.matchLengths ?? null,
    entropy?.repeatOffsets ?? FIRST_REPEAT_OFFSETS,
  );

  const output = new SymbolBuffer();
  let position = header.length;
  for (let last = false; !last; ) {
    if (position + 3 > frame.length)
      throw malformedInput('FRAME_TRUNCATED', 'zstd frame', frame.length, 'it ends where a block header must follow');
    const blockHeader = frame[position]! | (frame[position + 1]! << 8) | (frame[position + 2]! << 16);
    const blockAt = position;
    position += 3;
    last = (blockHeader & 1) === 1;
    const type = (blockHeader >>> 1) & 3;
    const size = blockHeader >>> 3;
    if (size > header.blockMaximum) {
      throw malformedInput(
        'FRAME_CORRUPT',
        'zstd frame',
        blockAt,
        `a block of ${size} bytes, at most ${header.blockMaximum} are allowed`,
      );
    }
    const stored = type === RUN ? 1 : size;
    if (position + stored > frame.length) {
      throw malformedInput('FRAME_TRUNCATED', 'zstd frame', frame.length, `a block would end at byte ${position + stored}`);
    }
    // No block may go over what is left of the declared size, or of the limit, so nothing much larger is ever allocated.
    const room = (header.contentSize ?? maximumSize) - output.size;
    if (type === COMPRESSED) {
      input.load(frame, position, position + size);
      const largest = header.contentSize === undefined ? header.blockMaximum : Math.min(header.blockMaximum, room);
      literalsSection.readHeader(input, input.start, largest);
      sequences.readHeader(input, literalsSection.end);
      const least = literalsSection.count + SHORTEST_MATCH * sequences.count;
      if (least > largest)
        input.fail('FRAME_CORRUPT', input.start, `a block of at least ${least} bytes, at most ${largest} are allowed`);
      checkSize(output.size + least, maximumSize, blockAt);
      output.startBlock(literalsSection.count + sequences.count, literalsSection.count);
      huffman = literalsSection.decode(input, output.literals, output.literalCount, huffman, ownHuffmanTable);
      sequences.decode(input, output, literalsSection.count, reach, largest);
      checkSize(output.size, maximumSize, blockAt);
    } else if (type === RAW || type === RUN) {
      if (size > room) {
        checkSize(output.size + size, maximumSize, blockAt);
        throw malformedInput(
          'FRAME_CORRUPT',
          'zstd frame',
          blockAt,
          `blocks hold more than the declared ${header.contentSize} bytes`,
        );
      }
      if (type === RAW) appendRaw(output, frame.subarray(position, position + size));
      else appendRun(output, frame[position]!, size);
    } else {
      throw malformedInput('FRAME_CORRUPT', 'zstd frame', blockAt, 'a block of the reserved type');
    }
    position += stored;
  }
  if (header.contentSize !== undefined && output.size !== header.contentSize) {
    throw malformedInput(
      'FRAME_CORRUPT',
      'zstd frame',
      position,
      `blocks hold ${output.size} bytes, ${header.contentSize} are declared`,
    );
  }
  if (header.hasChecksum) position += 4;
  if (position > frame.length) throw malformedInput('FRAME_TRUNCATED', 'zstd frame', frame.length, 'it ends within its checksum');
  if (position < frame.length) {
    throw malformedInput(
      'FRAME_TRAILING_BYTES',
      'zstd frame',
      position,
      `${frame.length - position} bytes follow the end of the frame`,
    );
  }
  return output.finish();
}

function checkSize(size: number, maximumSize: number, position: number): void {
  if (size <= maximumSize) return;
  throw new FormatError(
    'FRAME_TOO_LARGE',
    `The zstd frame has ${size} decompressed bytes or more (byte ${position}), the limit is ${maximumSize}. Raise the limit if the frame can be trusted.`,
    { details: { position, size, maximumSize } },
  );
}

function checkDictionary(header: FrameHeader, dictionary: Dictionary | undefined): void {
  const given = dictionary?.id ?? 0;
  if (header.dictionaryId === 0 || header.dictionaryId === given) return;
  throw new FormatError(
    'FRAME_DICTIONARY_MISMATCH',
    `The zstd frame needs dictionary ${header.dictionaryId}, ${given === 0 ? 'none with an id was given' : `dictionary ${given} was given`}. Give the dictionary that it was written with.`,
    { details: { position: 5, needed: header.dictionaryId, given } },
  );
}

function appendRaw(output: SymbolBuffer, bytes: Uint8Array): void {
  output.startBlock(bytes.length, bytes.length);
  output.literals.set(bytes, output.literalCount);
  output.literalCount += bytes.length;
  output.count += bytes.length;
  output.size += bytes.length;
}

function appendRun(output: SymbolBuffer, byte: number, size: number): void {
  const symbols = Math.min(size, 2);
  output.startBlock(symbols, Math.min(size, 1));
  if (size === 0) return;
  output.literals[output.literalCount++] = byte;
  if (size > 1) {
    output.lengths[output.count + 1] = size - 1;
    output.offsets[output.count + 1] = 1;
  }
  output.count += symbols;
  output.size += size;
}
