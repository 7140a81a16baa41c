import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { CemError, FormatError } from './errors.ts';

/**
 * CRC-32 of a byte string as zlib and gzip define it (polynomial 0xEDB88320, reflected): every checksum of the container and its mapping.
 *
 * @param before checksum of what stands before these bytes, when they continue something
 */
export function checksum(bytes: Uint8Array, before = 0): number {
  return crc32(bytes, before);
}

/** A view for reading and writing numbers in `bytes`, whatever buffer they lie in. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** `12345` as `0x3039`: how positions and checksums appear in messages. */
export function hexadecimal(value: number): string {
  return `0x${value.toString(16)}`;
}

/**
 * Opens a regular file for reading by position.
 *
 * @throws CemError `FILE_OPEN`
 */
export async function openForReading(path: string): Promise<{ handle: FileHandle; size: number }> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const status = await handle.stat();
    if (!status.isFile()) throw new CemError('FILE_OPEN', `cannot read ${path}: it is not a file`, { details: { path } });
    return { handle, size: status.size };
  } catch (cause) {
    await handle?.close();
    if (cause instanceof CemError) throw cause;
    throw new CemError('FILE_OPEN', `cannot read ${path}: ${messageOf(cause)}`, {
      details: { path },
      cause,
    });
  }
}

/**
 * Reads exactly `length` bytes at `position`; safe for concurrent use of one handle.
 *
 * @throws CemError `FILE_READ`
 * @throws FormatError `ZPKG_TRUNCATED` when the file ends before that
 */
export async function readExactly(handle: FileHandle, position: number, length: number, path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, position + filled).catch((cause: unknown) => {
      throw new CemError('FILE_READ', `reading ${path} at byte ${position + filled} failed: ${messageOf(cause)}`, {
        details: { path, position },
        cause,
      });
    });
    if (bytesRead === 0) {
      throw new FormatError(
        'ZPKG_TRUNCATED',
        `${path} ends at byte ${position + filled}, where ${length - filled} more were expected: the file was cut off; copy or pack it again`,
        { details: { path, position: position + filled, missing: length - filled } },
      );
    }
    filled += bytesRead;
  }
  return bytes;
}

/** The words of something that was thrown. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
