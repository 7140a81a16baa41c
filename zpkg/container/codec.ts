import binding from 'zstd-napi/binding.js';
import { CemError, FormatError, messageOf, UsageError } from '../../base/index.ts';
import { LARGEST_BLOCK } from '../frame/frame-header.ts';
import { LARGEST_CHUNK_CONTENT } from '../limits.ts';

/** Lowest and highest compression level. zstd itself goes down to -131072; below -7 nothing is gained. */
const LOWEST_LEVEL = -7;
const HIGHEST_LEVEL = 22;

/** Shortest block that yields anything: a header of 3 bytes and the byte of a run (RFC 8878, 3.1.1.2). No block yields more than 128 KiB. */
const SHORTEST_BLOCK = 4;

/** `ZSTD_c_literalCompressionMode` and `ZSTD_ps_disable` of zstd.h (experimental section): literals are left as they are. */
const PARAMETER_LITERAL_COMPRESSION = 1002;
const LITERALS_UNCOMPRESSED = 2;

/** Turns texts into single zstd frames. One instance serves one thread; `compress` keeps nothing between calls. */
export interface Compressor {
  /** @throws FormatError `FRAME_TOO_LARGE` when the data is more than a chunk may hold (`LARGEST_CHUNK_CONTENT`) */
  compress(data: Uint8Array): Uint8Array;
}

/** Turns single zstd frames back into what they hold. */
export interface Decompressor {
  /** @throws FormatError `FRAME_SIZE_UNKNOWN`, `FRAME_TOO_LARGE`, `FRAME_CORRUPT` */
  decompress(frame: Uint8Array): Uint8Array;
}

export interface CompressorOptions {
  /** -7..22; 0 is zstd's own default (3). */
  readonly level: number;
  /** Raw content, or a formatted zstd dictionary; empty is none. */
  readonly dictionary?: Uint8Array;
  /** Leave literals uncompressed (still a standard frame, some points larger). */
  readonly plainLiterals?: boolean;
}

/**
 * Frames carry their content size, and neither a checksum (the container has its own) nor a dictionary id (the container holds the dictionary).
 *
 * @throws UsageError `CODEC_LEVEL`
 * @throws CemError `CODEC_DICTIONARY`
 */
export function createCompressor(options: CompressorOptions): Compressor {
  const { level, dictionary } = options;
  if (!Number.isInteger(level) || level < LOWEST_LEVEL || level > HIGHEST_LEVEL) {
    throw new UsageError(
      'CODEC_LEVEL',
      `compression level ${level} is not a whole number from ${LOWEST_LEVEL} to ${HIGHEST_LEVEL}: choose one of these`,
      {
        details: { level },
      },
    );
  }
  const context = new binding.CCtx();
  context.setParameter(binding.CParameter.compressionLevel, level);
  context.setParameter(binding.CParameter.contentSizeFlag, 1);
  context.setParameter(binding.CParameter.checksumFlag, 0);
  context.setParameter(binding.CParameter.dictIDFlag, 0);
  if (options.plainLiterals === true) context.setParameter(PARAMETER_LITERAL_COMPRESSION as never, LITERALS_UNCOMPRESSED);
  if (dictionary !== undefined && dictionary.length > 0) {
    context.loadDictionary(dictionary);
    refuseBadDictionary(() => context.compress2(Buffer.alloc(64), Buffer.alloc(1)));
  }
  let scratch: Buffer = Buffer.alloc(0);
  return {
    compress(data) {
      if (data.length > LARGEST_CHUNK_CONTENT) throw tooLarge(data.length, LARGEST_CHUNK_CONTENT, 'cut the document into parts');
      const bound = binding.compressBound(data.length);
      if (scratch.length < bound) scratch = Buffer.allocUnsafeSlow(bound);
      return new Uint8Array(scratch.subarray(0, context.compress2(scratch, data)));
    },
  };
}

/**
 * @param dictionary as the compressor had it; empty is none
 * @param options.maximumContent largest content in bytes that is accepted; `LARGEST_CHUNK_CONTENT` by default
 * @throws CemError `CODEC_DICTIONARY`
 */
export function createDecompressor(dictionary?: Uint8Array, options: { maximumContent?: number } = {}): Decompressor {
  const maximum = options.maximumContent ?? LARGEST_CHUNK_CONTENT;
  const context = new binding.DCtx();
  if (dictionary !== undefined && dictionary.length > 0) refuseBadDictionary(() => context.loadDictionary(dictionary));
  return {
    decompress(frame) {
      const size = contentSize(frame, maximum);
      const content = new Uint8Array(size);
      let frameLength: number;
      let produced: number;
      try {
        frameLength = binding.findFrameCompressedSize(frame);
        produced = context.decompress(content, frame);
      } catch (cause) {
        throw corrupt(`zstd refuses it: ${messageOf(cause)}`, { cause });
      }
      if (frameLength !== frame.length) throw corrupt(`${frame.length - frameLength} bytes follow the frame`);
      if (produced !== size) throw corrupt(`it gave ${produced} bytes where it declares ${size}`);
      return content;
    },
  };
}

/**
 * The content size that a frame declares, from its header alone; never more than `maximum`, nor than a frame of that many bytes can hold.
 *
 * @throws FormatError `FRAME_CORRUPT` when this is not the start of one standard frame, `FRAME_SIZE_UNKNOWN` when it declares no size, `FRAME_TOO_LARGE`
 */
export function contentSize(frame: Uint8Array, maximum = LARGEST_CHUNK_CONTENT): number {
  if (frame.length < 4 || frame[0] !== 0x28 || frame[1] !== 0xb5 || frame[2] !== 0x2f || frame[3] !== 0xfd) {
    throw corrupt('it does not start with the zstd magic 28 B5 2F FD');
  }
  let size: number | null;
  try {
    size = binding.getFrameContentSize(frame);
  } catch (cause) {
    throw corrupt('its header is cut off or malformed', { cause });
  }
  if (size === null) {
    throw new FormatError(
      'FRAME_SIZE_UNKNOWN',
      'the frame declares no content size, which every chunk must: compress with the content size flag on',
    );
  }
  if (size > maximum) throw tooLarge(size, maximum, 'raise the limit or refuse the file');
  if (size > (frame.length / SHORTEST_BLOCK) * LARGEST_BLOCK)
    throw corrupt(`it declares ${size} bytes of content, more than ${frame.length} compressed bytes can hold`);
  return size;
}

function tooLarge(size: number, maximum: number, advice: string): FormatError {
  return new FormatError(
    'FRAME_TOO_LARGE',
    `${size} bytes of content are more than the ${maximum} allowed in one chunk: ${advice}`,
    {
      details: { size, maximum },
    },
  );
}

function corrupt(reason: string, options: { cause?: unknown } = {}): FormatError {
  return new FormatError(
    'FRAME_CORRUPT',
    `the frame cannot be decompressed, ${reason}; the file is damaged or another dictionary is needed`,
    options,
  );
}

function refuseBadDictionary(use: () => void): void {
  try {
    use();
  } catch (cause) {
    throw new CemError('CODEC_DICTIONARY', `zstd refuses the dictionary: ${messageOf(cause)}; train it again`, { cause });
  }
}
