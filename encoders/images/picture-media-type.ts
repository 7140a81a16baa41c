/** First bytes of formats, as hexadecimal digits. Sources: PNG (W3C, 5.2), JFIF, GIF89a, RIFF container of WebP. */
const SIGNATURES: readonly (readonly [start: string, type: string])[] = [
  ['89504e470d0a1a0a', 'image/png'],
  ['ffd8ff', 'image/jpeg'],
  ['47494638', 'image/gif'],
];

/** The media type of a picture by its first bytes; SVG where it is text. */
export function pictureMediaType(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 16)).toString('hex');
  const known = SIGNATURES.find(([signature]) => start.startsWith(signature));
  if (known !== undefined) return known[1];
  // "RIFF", four bytes of length, "WEBP"
  return start.startsWith('52494646') && start.startsWith('57454250', 16) ? 'image/webp' : 'image/svg+xml';
}
