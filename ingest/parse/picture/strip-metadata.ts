/**
 * Takes out of a picture what is not its pixels, without decoding them: places, times and names of cameras and people (EXIF, XMP, IPTC), comments, thumbnails. Colour profiles stay,
 * since pixels mean nothing without them. What is malformed comes back as far as it can be read.
 */
export function stripMetadata(bytes: Uint8Array, format: 'png' | 'jpeg' | 'webp'): Uint8Array {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept = format === 'png' ? pngParts(source) : format === 'jpeg' ? jpegParts(source) : webpParts(source);
  return Uint8Array.from(Buffer.concat(kept));
}

/** PNG 3rd edition, 5.6: of the chunks that may be left out, those that say how pixels look. */
const PNG_CHUNKS = new Set(['tRNS', 'cHRM', 'gAMA', 'iCCP', 'sBIT', 'sRGB', 'cICP', 'bKGD', 'pHYs']);
const PNG_SIGNATURE = 8;
/** A chunk's length, name and checksum. */
const PNG_FRAME = 12;

function pngParts(source: Buffer): Buffer[] {
  const kept = [source.subarray(0, PNG_SIGNATURE)];
  for (let at = PNG_SIGNATURE; at + PNG_FRAME <= source.length; ) {
    const end = at + PNG_FRAME + source.readUInt32BE(at);
    const name = source.toString('latin1', at + 4, at + 8);
    // A capital letter begins the names of chunks that must be read.
    if (/^[A-Z]/.test(name) || PNG_CHUNKS.has(name)) kept.push(source.subarray(at, end));
    if (name === 'IEND') break;
    at = end;
  }
  return kept;
}

const SCAN = 0xda;
const JFIF = 0xe0;
const PROFILE = 0xe2;
const ADOBE = 0xee;
const COMMENT = 0xfe;

/** ITU-T T.81, B.1.1: segments up to the scan; behind it data, more scans and the end. */
function jpegParts(source: Buffer): Buffer[] {
  const kept = [source.subarray(0, 2)];
  let at = 2;
  while (at + 4 <= source.length && source[at] === 0xff) {
    const marker = source[at + 1]!;
    // Fill bytes may stand before a marker.
    if (marker === 0xff) {
      at++;
      continue;
    }
    const end = at + 2 + source.readUInt16BE(at + 2);
    if (marker === SCAN) break;
    const isApplication = marker >= JFIF && marker <= 0xef;
    const isProfile = marker === PROFILE && source.toString('latin1', at + 4, at + 15) === 'ICC_PROFILE';
    const isKept = marker === JFIF || marker === ADOBE || isProfile;
    if (marker !== COMMENT && (!isApplication || isKept)) kept.push(source.subarray(at, end));
    at = end;
  }
  kept.push(...jpegScans(source, at));
  return kept;
}

/** What follows the first scan up to the end of the picture: phones put whole films and second pictures behind it. */
function jpegScans(source: Buffer, from: number): Buffer[] {
  const end = source.indexOf(Buffer.from([0xff, 0xd9]), from);
  // Inside of a scan the end's mark cannot stand: a data byte 0xff is followed by 0.
  return end < 0 ? [source.subarray(from)] : [source.subarray(from, end + 2)];
}

/** RIFF, WebP container: `EXIF` and `XMP `, and the flags that announce them. */
const WEBP_FLAGS = 0x08 | 0x04;
const WEBP_CHUNKS = new Set(['VP8 ', 'VP8L', 'VP8X', 'ALPH', 'ANIM', 'ANMF', 'ICCP']);

function webpParts(source: Buffer): Buffer[] {
  const kept: Buffer[] = [];
  let size = 4;
  for (let at = 12; at + 8 <= source.length; ) {
    const name = source.toString('latin1', at, at + 4);
    const end = Math.min(source.length, at + 8 + source.readUInt32LE(at + 4) + (source.readUInt32LE(at + 4) & 1));
    if (WEBP_CHUNKS.has(name)) {
      const chunk = Buffer.from(source.subarray(at, end));
      if (name === 'VP8X' && chunk.length > 8) chunk[8] = chunk[8]! & ~WEBP_FLAGS;
      kept.push(chunk);
      size += chunk.length;
    }
    at = end;
  }
  const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
  head.writeUInt32LE(size, 4);
  return [head, ...kept];
}
