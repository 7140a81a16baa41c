/** Formats of pictures that are read. */
export type PictureFormat = 'png' | 'jpeg' | 'webp' | 'gif' | 'svg';

const ASCII_START = 1024;

/** The format that a file's first bytes are for certain; undefined where they are of none. */
export function pictureFormat(bytes: Uint8Array): PictureFormat | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, ASCII_START));
  const text = start.toString('latin1');
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'webp';
  if (/^GIF8[79]a/.test(text)) return 'gif';
  // Behind a byte order mark, an XML declaration, comments and a document type.
  const beginning =
    /^(?:\xef\xbb\xbf)?(?:\s|<\?xml\b[^>]{0,200}\?>|<!--[^>]{0,600}-->|<!DOCTYPE\s+svg\b[^>[]{0,300}(?:\[[^\]]{0,600}\]\s*)?>)*<(?:svg:)?svg[\s>]/i;
  return beginning.test(text) ? 'svg' : undefined;
}
