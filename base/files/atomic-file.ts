import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../bytes.ts';
import { CemError } from '../errors.ts';
import { writeFully } from './positioned.ts';
import { syncFolder } from './sync.ts';
import { removeLeftTemporaries, temporaryName } from './temporary-name.ts';

const BUFFER_BYTES = 1 << 20;

/**
 * A file that appears under its name whole or not at all: written to a hidden temporary name in the same folder, flushed to the disk, then renamed.
 * Appended bytes are gathered, so that many small appends cost few system calls. A process that is killed leaves the temporary file behind; nothing reads it,
 * and the next process that writes the same file removes it.
 */
export class AtomicFile {
  readonly path: string;
  readonly #temporaryPath: string;
  #handle: FileHandle | undefined;
  #buffer = new Uint8Array(BUFFER_BYTES);
  #buffered = 0;
  #written = 0;

  private constructor(path: string, temporaryPath: string, handle: FileHandle) {
    this.path = path;
    this.#temporaryPath = temporaryPath;
    this.#handle = handle;
  }

  /** @throws CemError `FILE_CREATE` when the folder does not exist or cannot be written */
  static async create(path: string): Promise<AtomicFile> {
    const folder = dirname(path);
    const purpose = `.${basename(path)}`;
    await removeLeftTemporaries(folder, purpose);
    const temporaryPath = join(folder, temporaryName(purpose));
    try {
      return new AtomicFile(path, temporaryPath, await open(temporaryPath, 'wx'));
    } catch (cause) {
      throw new CemError('FILE_CREATE', `cannot write ${path}: ${messageOf(cause)}; its folder must exist and be writable`, {
        details: { path },
        cause,
      });
    }
  }

  /** Bytes appended so far: the position of the next one. */
  get size(): number {
    return this.#written + this.#buffered;
  }

  /** @throws CemError `FILE_WRITE`, e.g. when the disk is full */
  async append(bytes: Uint8Array): Promise<void> {
    if (this.#buffered + bytes.length > BUFFER_BYTES) await this.#flush();
    if (bytes.length > BUFFER_BYTES) {
      await this.#writeAt(bytes, this.#written);
      this.#written += bytes.length;
      return;
    }
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  /** Writes over bytes that were appended before. */
  async overwrite(bytes: Uint8Array, position: number): Promise<void> {
    await this.#flush();
    await this.#writeAt(bytes, position);
  }

  /**
   * Makes the file appear under its name, durably. What stood there before is replaced.
   *
   * @throws CemError `FILE_WRITE`
   */
  async commit(): Promise<void> {
    await this.#flush();
    try {
      await this.#open().sync();
    } catch (cause) {
      throw this.#writeError(cause);
    }
    try {
      await this.#close();
      await rename(this.#temporaryPath, this.path);
    } catch (cause) {
      await unlink(this.#temporaryPath);
      throw this.#writeError(cause);
    }
    await syncFolder(dirname(this.path));
  }

  /** Removes what was written; nothing happens after `commit` or a second `abort`. */
  async abort(): Promise<void> {
    if (this.#handle === undefined) return;
    try {
      await this.#close();
    } finally {
      await unlink(this.#temporaryPath);
    }
  }

  #open(): FileHandle {
    if (this.#handle === undefined)
      throw new CemError('FILE_CLOSED', `${this.path} was committed or aborted before: nothing more can be written`);
    return this.#handle;
  }

  async #flush(): Promise<void> {
    const length = this.#buffered;
    await this.#writeAt(this.#buffer.subarray(0, length), this.#written);
    this.#written += length;
    this.#buffered = 0;
  }

  async #writeAt(bytes: Uint8Array, position: number): Promise<void> {
    const handle = this.#open();
    try {
      await writeFully(handle, bytes, position);
    } catch (cause) {
      throw this.#writeError(cause);
    }
  }

  #writeError(cause: unknown): CemError {
    return new CemError('FILE_WRITE', `writing ${this.path} failed: ${messageOf(cause)}; what stood there before is unchanged`, {
      details: { path: this.path },
      cause,
    });
  }

  async #close(): Promise<void> {
    const handle = this.#open();
    this.#handle = undefined;
    await handle.close();
  }
}

/** Writes a whole file atomically. */
export async function writeFileAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const file = await AtomicFile.create(path);
  try {
    await file.append(bytes);
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
}
