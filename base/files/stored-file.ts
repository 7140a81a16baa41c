import { read } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { messageOf } from '../bytes.ts';
import { CemError, FormatError } from '../errors.ts';
import type { RandomAccessFile } from './random-access.ts';

/** Read at once by whoever reads a file from end to end. */
const WINDOW_BYTES = 1 << 20;

/** A regular file that is read by position, by any number of concurrent callers. */
export class StoredFile implements RandomAccessFile {
  readonly path: string;
  /** In bytes, when it was opened. */
  readonly size: number;
  readonly windowBytes = WINDOW_BYTES;
  readonly #handle: FileHandle;
  #reading = 0;
  #closed: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  private constructor(path: string, size: number, handle: FileHandle) {
    this.path = path;
    this.size = size;
    this.#handle = handle;
  }

  /** @throws CemError `FILE_OPEN` */
  static async open(path: string): Promise<StoredFile> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, 'r');
      const status = await handle.stat();
      if (!status.isFile()) throw new CemError('FILE_OPEN', `cannot read ${path}: it is not a file`, { details: { path } });
      return new StoredFile(path, status.size, handle);
    } catch (cause) {
      await handle?.close();
      if (cause instanceof CemError) throw cause;
      throw new CemError('FILE_OPEN', `cannot read ${path}: ${messageOf(cause)}`, { details: { path }, cause });
    }
  }

  /**
   * Reads exactly `length` bytes at `position`. One promise and one system call where the system gives all bytes at once: of a random read of a kilobyte
   * from memory every further promise is a tenth.
   *
   * @throws CemError `FILE_READ`, `FILE_CLOSED`
   * @throws FormatError `ZPKG_TRUNCATED` when the file ends before that
   */
  read(position: number, length: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) {
        reject(new CemError('FILE_CLOSED', `${this.path} was closed: open it again`, { details: { path: this.path } }));
        return;
      }
      const bytes = new Uint8Array(length);
      this.#reading += 1;
      const settle = (error?: CemError): void => {
        this.#reading -= 1;
        if (this.#reading === 0) this.#onIdle?.();
        if (error === undefined) resolve(bytes);
        else reject(error);
      };
      let filled = 0;
      const readOn = (): void =>
        read(this.#handle.fd, bytes, filled, length - filled, position + filled, (cause, count) => {
          if (cause !== null) return settle(this.#readError(position + filled, cause));
          filled += count;
          if (filled === length) return settle();
          if (count === 0) return settle(this.#endError(position + filled, length - filled));
          readOn();
        });
      if (length === 0) settle();
      else readOn();
    });
  }

  /** Closes the file when the reads that were begun are done. */
  close(): Promise<void> {
    this.#closed ??= this.#closeWhenIdle();
    return this.#closed;
  }

  async #closeWhenIdle(): Promise<void> {
    // The number of a closed file may be given to another one while a read still waits for its turn.
    if (this.#reading > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    await this.#handle.close();
  }

  #readError(position: number, cause: Error): CemError {
    return new CemError('FILE_READ', `reading ${this.path} at byte ${position} failed: ${messageOf(cause)}`, {
      details: { path: this.path, position },
      cause,
    });
  }

  #endError(position: number, missing: number): FormatError {
    return new FormatError(
      'ZPKG_TRUNCATED',
      `${this.path} ends at byte ${position}, where ${missing} more were expected: the file was cut off; copy or pack it again`,
      { details: { path: this.path, position, missing } },
    );
  }
}
