/**
 * A zstd frame of one raw block, built by hand from RFC 8878: magic, descriptor 0x20 (single segment, one-byte content size), size, block header
 * (last block, raw, size), bytes. So that golden bytes depend on no compressor.
 *
 * @param text of at most 255 bytes
 */
export function rawFrame(text: string): Uint8Array {
  const content = Buffer.from(text, 'utf8');
  const blockHeader = (content.length << 3) | 1;
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, content.length, blockHeader & 0xff, blockHeader >> 8, 0]), content]);
}
