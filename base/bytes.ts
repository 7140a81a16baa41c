import { crc32 } from 'node:zlib';

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

/** The words of something that was thrown; a disk without room is said in words that everybody knows. */
export function messageOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return `the disk is full, make room on it (${cause.message})`;
  if (code === 'EDQUOT') return `your share of the disk is used up, make room in it (${cause.message})`;
  return cause.message;
}
