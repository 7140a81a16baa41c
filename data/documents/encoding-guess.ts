/** An encoding that bytes seem to have. */
export interface EncodingGuess {
  /** As people call it. */
  readonly name: string;
  /** What `iconv -f` calls it. */
  readonly label: string;
}

/** So many bytes are looked at: more make no guess surer. */
const LOOKED_AT = 1 << 16;

/** Share of characters, beside ASCII, that must belong to what an encoding was made for. */
const MOST = 0.8;
/** Japanese has this share of kana at least; Chinese has none. */
const KANA = 0.2;

/** Korean has a fifth of its syllables and more from these; what Chinese texts have in their places is rare: 捞促绰狼俊啊阑抚窍绊篮肺档瘤茄. */
const KOREAN_ENDINGS = /[이다는의에가을를하고은로도지한]/gu;
const ENDINGS = 0.05;

const HAN = /\p{Script=Han}/gu;
const KANA_LETTERS = /[\p{Script=Hiragana}\p{Script=Katakana}]/gu;
const HANGUL = /\p{Script=Hangul}/gu;
const CYRILLIC = /[А-яЁё]/gu;
/** What texts of UTF-16 are made of: letters, digits, punctuation, white space. */
const PLAIN = /[\p{L}\p{M}\p{N}\p{P}\p{S}\t\r\n ]/gu;

/**
 * The encoding that bytes seem to have which are no UTF-8 text; undefined when none fits. A guess for messages: nothing is decoded by it.
 *
 * Double-byte encodings of East Asia overlap, so each is asked for what the others lack: kana, Hangul, or the most frequent Han characters in the place where the encoding
 * has them (GB 2312's first level, rows 16 to 55; Big5's first level, lead bytes A4 to C6).
 */
export function guessEncoding(all: Uint8Array): EncodingGuess | undefined {
  const bytes = all.subarray(0, LOOKED_AT);
  // Digits, spaces and punctuation have control characters for one of their bytes in UTF-16; other encodings have none.
  if (bytes.some(isControl)) return guessUtf32(bytes) ?? guessUtf16(bytes, isOfFewScripts);
  return guessEastAsian(bytes) ?? (isMostlyAscii(bytes) ? undefined : guessUtf16(bytes, isOfEastAsia)) ?? guessSingleByte(bytes);
}

/** Pairs of ASCII characters read as UTF-16 are Han; of Han in UTF-16, about half of the bytes are ASCII, and seldom three letters stand together. */
function isMostlyAscii(bytes: Uint8Array): boolean {
  if (bytes.filter((byte) => byte < 0x80).length > MOST * bytes.length) return true;
  return (
    (Buffer.from(bytes)
      .toString('latin1')
      .match(/[A-Za-z]{3,}/g)
      ?.join('').length ?? 0) >
    0.2 * bytes.length
  );
}

function isControl(byte: number): boolean {
  return byte < 0x20 && (byte < 0x08 || byte > 0x0d) && byte !== 0x1b;
}

function guessUtf32(bytes: Uint8Array): EncodingGuess | undefined {
  if (bytes.length < 4) return undefined;
  const zeros = zerosByPlace(bytes, 4);
  const quarter = Math.floor(bytes.length / 4);
  if (zeros[3]! >= quarter && zeros[2]! >= MOST * quarter) return { name: 'UTF-32LE', label: 'UTF-32LE' };
  if (zeros[0]! >= quarter && zeros[1]! >= MOST * quarter) return { name: 'UTF-32BE', label: 'UTF-32BE' };
  return undefined;
}

function guessUtf16(bytes: Uint8Array, fits: (text: string) => boolean): EncodingGuess | undefined {
  const even = bytes.subarray(0, bytes.length & ~1);
  if (even.length < 2) return undefined;
  const [first, second] = zerosByPlace(even, 2);
  const candidates = [
    { label: 'UTF-16LE', decoder: 'utf-16le', zeros: second! },
    { label: 'UTF-16BE', decoder: 'utf-16be', zeros: first! },
  ];
  // ASCII in it has its zeros in one place; of two that decode, the one with more of them.
  candidates.sort((a, b) => b.zeros - a.zeros);
  for (const { label, decoder } of candidates) {
    const text = decoded(even, decoder);
    if (text === undefined || text === '') continue;
    if (count(text, PLAIN) >= 0.95 * [...text].length && fits(text)) return { name: label, label };
  }
  return undefined;
}

/** What is left of UTF-16 where no character has a byte for control: letters of scripts that need no spaces. */
function isOfEastAsia(text: string): boolean {
  return count(text, HAN) + count(text, KANA_LETTERS) + count(text, HANGUL) >= 0.95 * text.length;
}

/** Bytes that are something else give letters of all scripts when they are read as UTF-16. */
function isOfFewScripts(text: string): boolean {
  const blocks = new Map<number, number>();
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    // Han is one script of many blocks.
    const block = code >= 0x4e00 && code < 0xa000 ? 0x4e : code >= 0xac00 && code < 0xd7a4 ? 0xac : code >> 8;
    blocks.set(block, (blocks.get(block) ?? 0) + 1);
  }
  const counts = [...blocks.values()].sort((a, b) => b - a);
  return counts.slice(0, 4).reduce((sum, number) => sum + number, 0) >= 0.95 * text.length;
}

function guessEastAsian(bytes: Uint8Array): EncodingGuess | undefined {
  const pairs = leadBytes(bytes);
  const japanese = (text: string): boolean =>
    count(text, KANA_LETTERS) >= KANA * wide(text) && count(text, KANA_LETTERS) + count(text, HAN) >= MOST * 0.8 * wide(text);
  const candidates: readonly (EncodingGuess & { readonly decoder: string; readonly fits: (text: string) => boolean })[] = [
    { name: 'EUC-JP', label: 'EUC-JP', decoder: 'euc-jp', fits: japanese },
    {
      name: 'Shift_JIS',
      label: 'SHIFT_JIS',
      decoder: 'shift_jis',
      // Half-width katakana are what every encoding of single bytes looks like.
      fits: (text) => japanese(text) && count(text, /[\uff61-\uff9f]/g) < 0.2 * wide(text),
    },
    {
      name: 'EUC-KR',
      label: 'EUC-KR',
      decoder: 'euc-kr',
      // Half of the common Chinese characters stand where Hangul does, but hardly any where Korean's endings do.
      fits: (text) => count(text, HANGUL) >= MOST * wide(text) && count(text, KOREAN_ENDINGS) >= ENDINGS * wide(text),
    },
    {
      name: 'GB18030 (GBK)',
      label: 'GB18030',
      decoder: 'gb18030',
      fits: (text) =>
        count(text, HAN) > 0 && share(pairs, (lead, trail) => trail >= 0xa1 && lead >= 0xb0 && lead <= 0xd7) >= MOST,
    },
    {
      name: 'Big5',
      label: 'BIG5',
      decoder: 'big5',
      fits: (text) => count(text, HAN) > 0 && share(pairs, (lead) => lead >= 0xa4 && lead <= 0xc6) >= MOST,
    },
    { name: 'GB18030', label: 'GB18030', decoder: 'gb18030', fits: (text) => count(text, HAN) >= Math.max(8, MOST * wide(text)) },
  ];
  for (const { name, label, decoder, fits } of candidates) {
    const text = decoded(bytes, decoder);
    if (text !== undefined && wide(text) > 0 && fits(text)) return { name, label };
  }
  return undefined;
}

/** Encodings of one byte a letter fit everything without control characters: Cyrillic is told by how many letters are not ASCII. */
function guessSingleByte(bytes: Uint8Array): EncodingGuess | undefined {
  const high = bytes.filter((byte) => byte >= 0x80).length;
  if (high === 0) return undefined;
  const letters = bytes.filter((byte) => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a).length;
  if (high > letters) {
    const best = [
      { name: 'a single-byte encoding such as windows-1251', label: 'WINDOWS-1251', decoder: 'windows-1251' },
      { name: 'a single-byte encoding such as KOI8-R', label: 'KOI8-R', decoder: 'koi8-r' },
    ].map((guess) => {
      const text = decoded(bytes, guess.decoder) ?? '';
      // Words have capitals at their beginning and nowhere else, which the other encoding turns round.
      return { ...guess, text, score: count(text, /[а-яё]/gu) };
    });
    best.sort((a, b) => b.score - a.score);
    const { name, label, text } = best[0]!;
    return count(text, CYRILLIC) >= MOST * high ? { name, label } : undefined;
  }
  return { name: 'windows-1252 or another encoding of single bytes', label: 'WINDOWS-1252' };
}

function zerosByPlace(bytes: Uint8Array, width: number): number[] {
  const zeros = new Array<number>(width).fill(0);
  bytes.forEach((byte, index) => {
    if (byte === 0) zeros[index % width]! += 1;
  });
  return zeros;
}

/** Pairs of bytes that double-byte encodings read as one character. */
function leadBytes(bytes: Uint8Array): (readonly [lead: number, trail: number])[] {
  const pairs: [number, number][] = [];
  for (let index = 0; index + 1 < bytes.length; index++) {
    if (bytes[index]! < 0x80) continue;
    pairs.push([bytes[index]!, bytes[index + 1]!]);
    index += 1;
  }
  return pairs;
}

/** Share of pairs of Han characters (not of punctuation, rows 1 to 9 of all of these encodings). */
function share(pairs: readonly (readonly [number, number])[], fits: (lead: number, trail: number) => boolean): number {
  const words = pairs.filter(([lead]) => lead >= 0xa4);
  return words.length === 0 ? 0 : words.filter(([lead, trail]) => fits(lead, trail)).length / words.length;
}

/** Letters beside ASCII. */
function wide(text: string): number {
  return count(text, /[^\0-\x7f\p{P}\p{S}\s]/gu);
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/** The last character may be cut off by what is looked at. */
function decoded(bytes: Uint8Array, label: string): string | undefined {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes, { stream: bytes.length === LOOKED_AT });
  } catch {
    return undefined;
  }
}
