import type { FileHandle } from 'node:fs/promises';

/** Most bytes of one system call: Node passes lengths as 32-bit integers. */
const MOST_BYTES_AT_ONCE = 1 << 30;

/**
 * Fills `bytes` from a place in a file: one call of the system may give fewer than it was asked for.
 *
 * @param position of the first byte in the file
 * @returns bytes read: fewer than asked for only where the file ends before
 */
export async function readFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const wanted = Math.min(MOST_BYTES_AT_ONCE, bytes.length - done);
    const { bytesRead } = await file.read(bytes, done, wanted, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/**
 * Writes all of `bytes` to a file: one call of the system may take fewer.
 *
 * @param position of the first byte in the file
 */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const wanted = Math.min(MOST_BYTES_AT_ONCE, bytes.length - done);
    const { bytesWritten } = await file.write(bytes, done, wanted, position + done);
    done += bytesWritten;
  }
}
