import { AtomicFile, CemError, checksum, viewOf } from '../../base/index.ts';
import { ChunkTable } from './chunk-table.ts';
import { contentSize } from './codec.ts';
import {
  encodeHeader,
  FLAG_PLAIN_LITERALS,
  FLAG_WIDE_INDEX,
  HEADER_SIZE,
  INDEX_CHECKSUM_SIZE,
  LARGEST_UINT32,
} from './format.ts';

export interface ZpkgWriterOptions {
  /** Shared by all chunks, stored in the container; empty is none. */
  readonly dictionary?: Uint8Array;
  /** Records that the chunks' literals were left uncompressed. */
  readonly plainLiterals?: boolean;
  /** 64-bit offsets although 32-bit ones would do (the writer takes them by itself when the chunks pass 4 GiB). */
  readonly wideIndex?: boolean;
}

export interface ZpkgSummary {
  readonly chunks: number;
  /** Size of the finished file. */
  readonly bytes: number;
  /** As `ZpkgReader.fingerprint` of the finished file. */
  readonly fingerprint: number;
}

/**
 * Writes a container front to back: memory does not depend on the size of the chunks (8 bytes a chunk are kept for the index). The file appears under its
 * name when `finish` is done, and not before; `abort`, or the end of the process, leaves what stood there before.
 */
export class ZpkgWriter {
  readonly #file: AtomicFile;
  readonly #options: ZpkgWriterOptions;
  readonly #dictionary: Uint8Array;
  readonly #table = new ChunkTable();

  private constructor(file: AtomicFile, options: ZpkgWriterOptions, dictionary: Uint8Array) {
    this.#file = file;
    this.#options = options;
    this.#dictionary = dictionary;
  }

  /** @throws CemError `FILE_CREATE`, `ZPKG_OVERFLOW` */
  static async create(path: string, options: ZpkgWriterOptions = {}): Promise<ZpkgWriter> {
    const dictionary = options.dictionary ?? new Uint8Array(0);
    if (dictionary.length > LARGEST_UINT32) {
      throw new CemError(
        'ZPKG_OVERFLOW',
        `a dictionary of ${dictionary.length} bytes is larger than a container can hold (${LARGEST_UINT32}): take a smaller one`,
      );
    }
    const file = await AtomicFile.create(path);
    await file.append(new Uint8Array(HEADER_SIZE));
    await file.append(dictionary);
    return new ZpkgWriter(file, options, dictionary);
  }

  /**
   * Adds one zstd frame as the next chunk. Calls must not overlap.
   *
   * @returns the chunk's number
   * @throws CemError `ZPKG_EMPTY_CHUNK`, `ZPKG_OVERFLOW`
   * @throws FormatError `FRAME_CORRUPT`, `FRAME_SIZE_UNKNOWN`, `FRAME_TOO_LARGE` when its header is not that of a chunk (FORMAT.md, Chunks)
   */
  async append(frame: Uint8Array): Promise<number> {
    if (frame.length === 0) {
      throw new CemError('ZPKG_EMPTY_CHUNK', 'a chunk is a zstd frame and never empty: compress the empty text, too (9 bytes)');
    }
    contentSize(frame);
    this.#table.add(frame.length, checksum(frame));
    await this.#file.append(frame);
    return this.#table.count - 1;
  }

  /**
   * Writes index and header and makes the file appear.
   *
   * @param beforeAppearing is awaited when everything is written and before the file appears: the place to write what belongs to it. If it throws, nothing appears.
   */
  async finish(beforeAppearing?: (summary: ZpkgSummary) => Promise<void>): Promise<ZpkgSummary> {
    const indexOffset = this.#file.size;
    const chunksSize = indexOffset - HEADER_SIZE - this.#dictionary.length;
    const wide = this.#options.wideIndex === true || chunksSize > LARGEST_UINT32;
    let last: Uint8Array = new Uint8Array(INDEX_CHECKSUM_SIZE);
    for (const piece of this.#table.encode(wide ? 8 : 4)) {
      await this.#file.append(piece);
      last = piece;
    }
    const fingerprint = viewOf(last).getUint32(0, true);
    const bytes = this.#file.size;
    await this.#file.overwrite(
      encodeHeader({
        flags: (wide ? FLAG_WIDE_INDEX : 0) | (this.#options.plainLiterals === true ? FLAG_PLAIN_LITERALS : 0),
        indexOffset,
        chunkCount: this.#table.count,
        dictionarySize: this.#dictionary.length,
        dictionaryChecksum: checksum(this.#dictionary),
      }),
      0,
    );
    const summary = { chunks: this.#table.count, bytes, fingerprint };
    await beforeAppearing?.(summary);
    await this.#file.commit();
    return summary;
  }

  /** Removes what was written so far. Does nothing after `finish`. */
  async abort(): Promise<void> {
    await this.#file.abort();
  }
}
