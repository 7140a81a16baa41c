import {
  CemError,
  checksum,
  distributionOf,
  FormatError,
  hexadecimal,
  openRandomAccess,
  type RandomAccessFile,
  type SizeDistribution,
} from '../../base/index.ts';
import { readIndex, type ZpkgIndex } from './chunk-table.ts';
import { contentSize, createDecompressor, type Decompressor } from './codec.ts';
import {
  checkLayout,
  decodeHeader,
  FLAG_PLAIN_LITERALS,
  HEADER_SIZE,
  VERSION,
  type ZpkgHeader,
  type ZpkgLayout,
} from './format.ts';

export interface ZpkgReaderOptions {
  /** Makes what `chunk` decompresses with, when it is called first. Tests put one here that throws. */
  readonly decompressor?: (dictionary: Uint8Array) => Decompressor;
}

/** One chunk as stored. */
export interface StoredFrame {
  readonly chunk: number;
  readonly frame: Uint8Array;
}

export interface ZpkgStatistics extends SizeDistribution {
  readonly version: number;
  readonly profile: 'standard' | 'plain-literals';
  readonly chunks: number;
  /** All sizes are bytes. */
  readonly fileBytes: number;
  readonly dictionaryBytes: number;
  readonly chunkBytes: number;
  readonly indexBytes: number;
  /** What the chunks hold when decompressed, as their headers declare it. */
  readonly contentBytes: number;
  /** contentBytes / fileBytes */
  readonly ratio: number;
  /** 1 - fileBytes / contentBytes */
  readonly saving: number;
}

export interface ZpkgVerification {
  readonly chunks: number;
  readonly contentBytes: number;
  /** Chunks that are damaged; the first 100 of them. */
  readonly failures: readonly { readonly chunk: number; readonly code: string; readonly message: string }[];
  readonly failed: number;
}

/**
 * Reads a container: header, dictionary and index when it is opened, chunks when they are asked for. Every read names its position, so one reader serves
 * any number of concurrent callers.
 */
export class ZpkgReader {
  readonly path: string;
  readonly chunkCount: number;
  /** As stored; empty when there is none. */
  readonly dictionary: Uint8Array;
  readonly header: ZpkgHeader;
  readonly #layout: ZpkgLayout;
  readonly #index: ZpkgIndex;
  readonly #createDecompressor: (dictionary: Uint8Array) => Decompressor;
  #decompressor: Decompressor | undefined;
  readonly #file: RandomAccessFile;
  #closed = false;

  private constructor(
    file: RandomAccessFile,
    header: ZpkgHeader,
    layout: ZpkgLayout,
    dictionary: Uint8Array,
    index: ZpkgIndex,
    options: ZpkgReaderOptions,
  ) {
    this.path = file.path;
    this.#file = file;
    this.header = header;
    this.chunkCount = header.chunkCount;
    this.#layout = layout;
    this.dictionary = dictionary;
    this.#index = index;
    this.#createDecompressor = options.decompressor ?? createDecompressor;
  }

  /**
   * @throws CemError `FILE_OPEN`
   * @throws FormatError `ZPKG_TRUNCATED`, `ZPKG_TRAILING`, `ZPKG_MAGIC`, `ZPKG_VERSION`, `ZPKG_FLAGS`, `ZPKG_LAYOUT`, `ZPKG_HEADER_CHECKSUM`,
   *   `ZPKG_DICTIONARY_CHECKSUM`, `ZPKG_INDEX_CHECKSUM`, `ZPKG_INDEX_ORDER`
   */
  static async open(zpkgPath: string, options: ZpkgReaderOptions = {}): Promise<ZpkgReader> {
    const file = await openRandomAccess(zpkgPath);
    const { path } = file;
    try {
      const header = decodeHeader(await file.read(0, HEADER_SIZE), path);
      const layout = checkLayout(header, file.size, path);
      const dictionary = await file.read(HEADER_SIZE, header.dictionarySize);
      const actual = checksum(dictionary);
      if (actual !== header.dictionaryChecksum) {
        throw new FormatError(
          'ZPKG_DICTIONARY_CHECKSUM',
          `${path}: the dictionary's checksum is ${hexadecimal(actual)}, stored is ${hexadecimal(header.dictionaryChecksum)}: the file is damaged`,
          { details: { path, position: HEADER_SIZE, stored: header.dictionaryChecksum, actual } },
        );
      }
      const index = await readIndex(file, layout, header);
      return new ZpkgReader(file, header, layout, dictionary, index, options);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Checksum of the index section: another one for every other sequence of chunks. What a mapping names its container by. */
  get fingerprint(): number {
    return this.#index.fingerprint;
  }

  /** Stored size of a chunk in bytes. Throws as `compressedChunk` does for a number out of range. */
  chunkSize(chunk: number): number {
    this.#checkRange(chunk);
    return this.#index.offsets[chunk + 1]! - this.#index.offsets[chunk]!;
  }

  /**
   * One chunk as stored, its checksum verified.
   *
   * @throws CemError `ZPKG_CHUNK_RANGE`, `ZPKG_CLOSED`
   * @throws FormatError `ZPKG_CHUNK_CHECKSUM`, `ZPKG_TRUNCATED`
   */
  async compressedChunk(chunk: number): Promise<Uint8Array> {
    const frame = await this.#open().read(this.#positionOf(chunk), this.chunkSize(chunk));
    this.#checkChecksum(chunk, frame);
    return frame;
  }

  /**
   * What a chunk holds, decompressed.
   *
   * @throws as `compressedChunk`, and FormatError `ZPKG_CHUNK`, `ZPKG_DICTIONARY` with the codec's error as cause
   */
  async chunk(chunk: number): Promise<Uint8Array> {
    return this.#decompress(chunk, await this.compressedChunk(chunk));
  }

  /** Chunks as stored, in order, read in large pieces: for whoever wants all of them. A frame shares its memory with its neighbours. */
  async *frames(first = 0, end = this.chunkCount): AsyncGenerator<StoredFrame> {
    for await (const stored of this.#uncheckedFrames(first, end)) {
      this.#checkChecksum(stored.chunk, stored.frame);
      yield stored;
    }
  }

  /** Sizes of everything; reads the whole file once and decompresses nothing. */
  async statistics(): Promise<ZpkgStatistics> {
    const sizes = new Float64Array(this.chunkCount);
    let contentBytes = 0;
    for await (const { chunk, frame } of this.frames()) {
      sizes[chunk] = frame.length;
      contentBytes += contentSize(frame);
    }
    return {
      version: VERSION,
      profile: (this.header.flags & FLAG_PLAIN_LITERALS) !== 0 ? 'plain-literals' : 'standard',
      chunks: this.chunkCount,
      fileBytes: this.#layout.fileSize,
      dictionaryBytes: this.dictionary.length,
      chunkBytes: this.#layout.chunksSize,
      indexBytes: this.#layout.indexSize,
      contentBytes,
      ratio: contentBytes / this.#layout.fileSize,
      saving: contentBytes === 0 ? 0 : 1 - this.#layout.fileSize / contentBytes,
      ...distributionOf(sizes),
    };
  }

  /** Reads and decompresses every chunk and reports those that are damaged. Header, dictionary and index were verified when the file was opened. */
  async verify(onProgress?: (done: number, total: number) => void): Promise<ZpkgVerification> {
    const failures: { chunk: number; code: string; message: string }[] = [];
    let failed = 0;
    let contentBytes = 0;
    for await (const { chunk, frame } of this.#uncheckedFrames(0, this.chunkCount)) {
      try {
        this.#checkChecksum(chunk, frame);
        contentBytes += this.#decompress(chunk, frame).length;
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        failed += 1;
        if (failures.length < 100) failures.push({ chunk, code: error.code, message: error.message });
      }
      onProgress?.(chunk + 1, this.chunkCount);
    }
    return { chunks: this.chunkCount, contentBytes, failures, failed };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#file.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async *#uncheckedFrames(first: number, end: number): AsyncGenerator<StoredFrame> {
    const { offsets } = this.#index;
    let start = first;
    while (start < end) {
      let stop = start + 1;
      while (stop < end && offsets[stop + 1]! - offsets[start]! <= this.#file.windowBytes) stop += 1;
      const position = this.#positionOf(start);
      const window = await this.#open().read(position, offsets[stop]! - offsets[start]!);
      for (let chunk = start; chunk < stop; chunk++) {
        yield { chunk, frame: window.subarray(offsets[chunk]! - offsets[start]!, offsets[chunk + 1]! - offsets[start]!) };
      }
      start = stop;
    }
  }

  #decompress(chunk: number, frame: Uint8Array): Uint8Array {
    this.#decompressor ??= this.#makeDecompressor();
    try {
      return this.#decompressor.decompress(frame);
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw new FormatError('ZPKG_CHUNK', `${this.path}: chunk ${chunk}: ${cause.message}`, {
        details: { path: this.path, position: this.#positionOf(chunk), chunk },
        cause,
      });
    }
  }

  #makeDecompressor(): Decompressor {
    try {
      return this.#createDecompressor(this.dictionary);
    } catch (cause) {
      if (!(cause instanceof CemError) || cause.code !== 'CODEC_DICTIONARY') throw cause;
      throw new FormatError('ZPKG_DICTIONARY', `${this.path}: its dictionary is malformed: ${cause.message}`, {
        details: { path: this.path, position: HEADER_SIZE },
        cause,
      });
    }
  }

  #positionOf(chunk: number): number {
    this.#checkRange(chunk);
    return this.#layout.chunksStart + this.#index.offsets[chunk]!;
  }

  #checkRange(chunk: number): void {
    if (Number.isInteger(chunk) && chunk >= 0 && chunk < this.chunkCount) return;
    throw new CemError('ZPKG_CHUNK_RANGE', `${this.path} has no chunk ${chunk}: its chunks are 0 to ${this.chunkCount - 1}`, {
      details: { path: this.path, chunk, chunkCount: this.chunkCount },
    });
  }

  #checkChecksum(chunk: number, frame: Uint8Array): void {
    const stored = this.#index.checksums[chunk]!;
    const actual = checksum(frame);
    if (stored === actual) return;
    const position = this.#positionOf(chunk);
    throw new FormatError(
      'ZPKG_CHUNK_CHECKSUM',
      `${this.path}: chunk ${chunk} at byte ${position} has checksum ${hexadecimal(actual)}, stored is ${hexadecimal(stored)}: the file is damaged`,
      { details: { path: this.path, position, chunk, stored, actual } },
    );
  }

  #open(): RandomAccessFile {
    if (this.#closed)
      throw new CemError('ZPKG_CLOSED', `${this.path} was closed: open it again`, { details: { path: this.path } });
    return this.#file;
  }
}
