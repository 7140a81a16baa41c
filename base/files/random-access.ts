/** Bytes that are read by position, by any number of concurrent callers: a file of this machine, or an object on a server. */
export interface RandomAccessFile {
  /** A path or an address, as errors name it. */
  readonly path: string;
  /** In bytes, when it was opened. */
  readonly size: number;
  /** Bytes that whoever reads it from end to end asks for at once. */
  readonly windowBytes: number;
  /**
   * Exactly `length` bytes at `position`.
   *
   * @throws CemError `FILE_READ`, `FILE_CLOSED`, `REMOTE_CHANGED`
   * @throws FormatError `ZPKG_TRUNCATED` when it ends before that
   */
  read(position: number, length: number): Promise<Uint8Array>;
  /** Ends when the reads that were begun are done. */
  close(): Promise<void>;
}

/** All bytes of a file, in windows. Throws as `RandomAccessFile.read`. */
export async function* windowsOf(file: RandomAccessFile): AsyncGenerator<Uint8Array> {
  for (let position = 0; position < file.size; position += file.windowBytes)
    yield await file.read(position, Math.min(file.windowBytes, file.size - position));
}

/** Reads of a file from its beginning to its end, in whatever small pieces, that ask for whole windows of it. Another place than the next one is found, too, at the price of a new window. */
export class WindowedReader {
  readonly #file: RandomAccessFile;
  #window: Uint8Array = new Uint8Array(0);
  #start = 0;

  constructor(file: RandomAccessFile) {
    this.#file = file;
  }

  /** The bytes share memory with others of their window. Throws as `RandomAccessFile.read`. */
  async read(position: number, length: number): Promise<Uint8Array> {
    const from = position - this.#start;
    if (from >= 0 && from + length <= this.#window.length) return this.#window.subarray(from, from + length);
    const rest = Math.max(this.#file.size - position, 0);
    const wanted = Math.max(length, Math.min(this.#file.windowBytes, rest));
    this.#window = await this.#file.read(position, wanted);
    this.#start = position;
    return this.#window.subarray(0, length);
  }
}
