import { CemError } from '../../base/index.ts';
import { guessEncoding } from './encoding-guess.ts';

/** How many bytes `utf16OfMark` wants to see. */
export const MARK_BYTES = 4;

/** First bytes of files that are no text and still are taken for it now and then. */
const BINARIES: readonly (readonly [magic: string, name: string])[] = [
  ['%PDF-', 'a PDF document'],
  ['PK\u0003\u0004', 'a ZIP archive (also DOCX, XLSX, EPUB)'],
  ['\u00d0\u00cf\u0011\u00e0', 'an old Word, Excel or PowerPoint document'],
  ['{\\rtf', 'an RTF document'],
  ['\u001f\u008b', 'compressed with gzip'],
  ['\u0028\u00b5\u002f\u00fd', 'compressed with zstd'],
  ['BZh', 'compressed with bzip2'],
  ['\u00fd7zXZ', 'compressed with xz'],
  ['\u007fELF', 'a program'],
  ['SQLite format 3\u0000', 'an SQLite database'],
  ['\u0089PNG', 'a picture'],
  ['\u00ff\u00d8\u00ff', 'a picture'],
  ['GIF8', 'a picture'],
];

const ESCAPE = '\u001b';
/** Control characters that occur in texts: backspace to carriage return, and escape, from terminals. Of others, at most one in so many characters. */
const CHARACTERS_A_CONTROL = 100;

/** Escapes by which ISO 2022 changes the alphabet: such a file is ASCII byte for byte and says something else. */
const ISO_2022 = new RegExp(`${ESCAPE}(?:\\$[@AB]|\\$[()][A-G]|\\([IJ])`);

/** Where bytes stand that are no UTF-8. */
interface EncodingDetails {
  readonly path?: string;
  readonly line?: number;
  readonly cause?: unknown;
}

/** The encoding whose byte order mark a file begins with; UTF-8's is not asked for. */
export function utf16OfMark(start: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be';
  // With two more zeros it is the mark of UTF-32.
  if (start[0] === 0xff && start[1] === 0xfe && !(start[2] === 0 && start[3] === 0 && start.length >= 4)) return 'utf-16le';
  return undefined;
}

/**
 * A file's text: UTF-8, or UTF-16 with a byte order mark, or what the file itself declares if it is that. A byte order mark is dropped.
 *
 * @param declared name of an encoding (WHATWG's labels) that the file declares, for files that are no UTF-8
 * @throws CemError `DATA_UTF8` for another encoding, which the message names where it is recognised, `DATA_BINARY` for what is no text
 */
export function decodeText(bytes: Uint8Array, path: string, declared?: string): string {
  const marked = utf16OfMark(bytes);
  if (marked !== undefined) {
    const text = decodeAs(bytes, marked);
    if (text === undefined) {
      const name = marked.toUpperCase();
      throw notUtf8(path, `begins with the byte order mark of ${name}, and is not ${name}`);
    }
    refuseControls(text, bytes, path);
    return text;
  }
  const text = decodeAs(bytes, 'utf-8');
  if (declared !== undefined && (text === undefined || ISO_2022.test(text))) {
    const other = decodeAs(bytes, declared);
    if (other !== undefined) return other;
  }
  refuseBinary(bytes, path);
  if (text === undefined) throw unknownEncoding(bytes, path);
  if (ISO_2022.test(text)) throw notUtf8(path, 'looks like ISO-2022 (of Japanese, Korean or Chinese mail)', 'ISO-2022-JP');
  refuseControls(text, bytes, path);
  return text;
}

/** The error for bytes that are no UTF-8, of a file or a line of it. */
export function unknownEncoding(bytes: Uint8Array, place: string, { path = place, ...more }: EncodingDetails = {}): CemError {
  const guess = guessEncoding(bytes);
  const what = guess === undefined ? 'is not UTF-8' : `is not UTF-8, it looks like ${guess.name}`;
  return notUtf8(place, what, guess?.label, { path, ...more });
}

/** Refuses a text whose control characters say that it is none. */
function refuseControls(text: string, bytes: Uint8Array, path: string): void {
  if (!hasForbiddenControls(text)) return;
  const controls = countControls(text);
  const guess = guessEncoding(bytes);
  if (guess !== undefined) throw notUtf8(path, `looks like ${guess.name} without a byte order mark`, guess.label);
  throw binary(
    path,
    `has ${controls} control characters in ${text.length} (${text.includes('\0') ? 'NUL among them' : 'such as \\x01'})`,
  );
}

/** Whether a text has NUL characters, or so many other control characters that it is none. */
export function hasForbiddenControls(text: string): boolean {
  const controls = countControls(text);
  return controls > 0 && (text.includes('\0') || controls * CHARACTERS_A_CONTROL > text.length);
}

function countControls(text: string): number {
  let controls = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if ((code < 0x20 && (code < 0x08 || code > 0x0d) && code !== 0x1b) || code === 0x7f) controls += 1;
  }
  return controls;
}

/** What a file is that is no text, by its first bytes: `a PDF document`; undefined for a text, or what is not known. */
export function binaryName(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
  return BINARIES.find(([magic]) => start.startsWith(magic))?.[1];
}

function refuseBinary(bytes: Uint8Array, path: string): void {
  const name = binaryName(bytes);
  if (name !== undefined) throw binary(path, `is ${name}`);
}

/** Undefined when the bytes are not valid in the encoding, or this Node does not know it. */
function decodeAs(bytes: Uint8Array, label: string): string | undefined {
  try {
    return decodeWith(label, bytes, true);
  } catch {
    return undefined;
  }
}

/** What windows-1252 has at 0x80 to 0x9f (WHATWG Encoding, index windows-1252); the five that it lacks are control characters. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/**
 * Bytes decoded, in versions of Node, too, that read windows-1252 as ISO 8859-1.
 *
 * @param fatal whether bytes that are not valid are an error, or U+FFFD
 * @throws TypeError for bytes that are not valid; RangeError for an encoding that Node does not know
 */
export function decodeWith(label: string, bytes: Uint8Array, fatal: boolean): string {
  const decoder = new TextDecoder(label, { fatal });
  const text = decoder.decode(bytes);
  if (decoder.encoding !== 'windows-1252') return text;
  return text.replace(/[\u0080-\u009f]/g, (character) => WINDOWS_1252[character.charCodeAt(0) - 0x80]!);
}

/** @param label what `iconv -f` calls the encoding */
export function notUtf8(
  place: string,
  what: string,
  label?: string,
  { path = place, line, cause }: EncodingDetails = {},
): CemError {
  const advice = label === undefined ? 'convert the file' : `convert the file (iconv -f ${label} -t UTF-8 FILE > OTHER)`;
  return new CemError('DATA_UTF8', `${place} ${what}: ${advice}, or take it out`, {
    details: { path, ...(line !== undefined && { line }), ...(label !== undefined && { encoding: label }) },
    ...(cause !== undefined && { cause }),
  });
}

function binary(path: string, what: string): CemError {
  return new CemError('DATA_BINARY', `${path} ${what}, which is no text: take it out, or give it the ending of what it is`, {
    details: { path },
  });
}
