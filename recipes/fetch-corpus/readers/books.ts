import { inflateSync } from 'node:zlib';
import { filesOf, oneLine, readBytes, readText } from './files-of.ts';
import type { SourceText } from './source-text.ts';

/** Plain text, paragraphs parted by blank lines. */
export async function* readPlainTexts(folder: string, matching: RegExp, every = 1): AsyncGenerator<SourceText> {
  for (const [index, path] of (await filesOf(folder, matching)).entries()) {
    if (index % every === 0) yield { kind: 'prose', text: withoutMarkdown(await readText(folder, path)) };
  }
}

function withoutMarkdown(text: string): string {
  return text
    .replace(/\[\s*([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^\s*>+ ?/gm, '')
    .replace(/^#+ +/gm, '')
    .replace(/(\*\*|__|\b_|_\b)/g, '');
}

/** R's types of a character vector and of one string of it (R Internals, 1.1). */
const STRING_VECTOR = 16;
const STRING = 9;

/**
 * Texts of a data base of an R package (`R/site-library/NAME/data/Rdata.rdb`): values one behind another, each a size and a zlib stream, inside it R's serialization format in big-endian order.
 * Character vectors are books, one line a string; other values are left out.
 */
export async function* readRBooks(folder: string): AsyncGenerator<SourceText> {
  for (const path of await filesOf(folder, /\/data\/Rdata\.rdb$/)) {
    const file = await readBytes(folder, path);
    for (let place = 0; place + 4 < file.length; ) {
      const { buffer, engine } = inflateSync(file.subarray(place + 4), { info: true }) as unknown as {
        buffer: Buffer;
        engine: { bytesWritten: number };
      };
      place += 4 + engine.bytesWritten;
      const lines = characterVector(buffer);
      if (lines !== undefined) yield { kind: 'prose', text: withoutMarkdown(lines.join('\n')) };
    }
  }
}

/** Strings of a serialized character vector; undefined for values of other types. */
function characterVector(value: Buffer): string[] | undefined {
  if (value.toString('latin1', 0, 2) !== 'X\n') return undefined;
  const version = value.readInt32BE(2);
  // Format, version of R, oldest version that reads it; from format 3 on the native encoding's name.
  let place = 14;
  if (version === 3) place += 4 + value.readInt32BE(place);
  if ((value.readInt32BE(place) & 0xff) !== STRING_VECTOR) return undefined;
  const count = value.readInt32BE(place + 4);
  place += 8;
  const strings: string[] = [];
  for (let index = 0; index < count; index++) {
    if ((value.readInt32BE(place) & 0xff) !== STRING) return undefined;
    const length = Math.max(0, value.readInt32BE(place + 4));
    strings.push(value.toString('utf8', place + 8, place + 8 + length));
    place += 8 + length;
  }
  return strings;
}

/** Proverbs and poems of fortune(6): parted by lines of %, coloured by escape sequences. */
export async function* readFortunes(folder: string): AsyncGenerator<SourceText> {
  for (const path of await filesOf(folder, /\/fortunes\/[a-z0-9]+$/)) {
    for (const fortune of (await readText(folder, path)).split(/^%$/m)) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences of terminals begin with one.
      const text = fortune.replace(/\u001b\[[\d;]*m/g, '').trim();
      if (text !== '')
        yield {
          kind: 'prose',
          text: text
            .split(/\n\s*\n/)
            .map(joinWrapped)
            .join('\n\n'),
        };
    }
  }
}

/** Lines of one paragraph in one: Chinese has no blank there. */
function joinWrapped(paragraph: string): string {
  return oneLine(paragraph.replace(/(\p{Script=Han}|[，。！？、；：])\s*\n\s*/gu, '$1'));
}
