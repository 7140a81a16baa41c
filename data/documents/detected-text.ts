import { CemError } from '../../base/index.ts';
import { guessEncoding } from './encoding-guess.ts';
import { decodeText, decodeWith, hasForbiddenControls } from './text-encoding.ts';

/** A file's text, and how it was read. */
export interface DetectedText {
  /** Without byte order mark. */
  readonly text: string;
  /** What was assumed and what was lost, for a person; absent for a text that says its encoding and holds to it. */
  readonly warning?: string;
}

/** What a guess by `guessEncoding` is decoded with. Single-byte Cyrillic is not among them: its encodings are told apart by too little. */
const DECODERS: Readonly<Record<string, string>> = {
  GB18030: 'gb18030',
  BIG5: 'big5',
  'EUC-JP': 'euc-jp',
  SHIFT_JIS: 'shift_jis',
  'EUC-KR': 'euc-kr',
  'UTF-16LE': 'utf-16le',
  'UTF-16BE': 'utf-16be',
  'WINDOWS-1252': 'windows-1252',
};

/** Of a text in UTF-8 with damaged places, at least so many characters of two bytes are whole for each damaged one, or so many of more. Other encodings make whole ones by chance only. */
const PAIRS_A_DAMAGED = 10;
const LONGER_A_DAMAGED = 2;
/** Of a text in another encoding, or in UTF-8 as it declares, at most one character in so many may be damaged. */
const CHARACTERS_A_DAMAGED = 100;
/** Letters of Western languages and the marks that word processors write, of what windows-1252 has beside ASCII; the rest is seldom in texts. */
const WESTERN =
  /[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u20ac\u2018-\u201d\u2013\u2014\u2026\u2022\u2122\u0152\u0153\u0160\u0161\u017d\u017e\u00a0\u00a3\u00a7\u00a9\u00ab\u00ae\u00b0\u00b7\u00bb\u00ba\u00aa\u00a1\u00bf\u00b4]/g;

/**
 * As `decodeText`, and where that refuses a file for its encoding, by the encoding that its bytes seem to have: UTF-8 with a few damaged places, UTF-16 without a byte order mark, GB18030,
 * Big5, EUC-JP, Shift_JIS, EUC-KR, or windows-1252.
 *
 * @param declared name of an encoding (WHATWG's labels) that the file declares
 * @throws CemError `DATA_UTF8` when none fits, `DATA_BINARY` for what is no text
 */
export function detectText(bytes: Uint8Array, path: string, declared?: string): DetectedText {
  try {
    return { text: decodeText(bytes, path, declared) };
  } catch (error) {
    if (!(error instanceof CemError) || error.code !== 'DATA_UTF8') throw error;
    const found = damagedUtf8(bytes, declared) ?? guessed(bytes);
    if (found === undefined || hasForbiddenControls(found.text)) throw error;
    return found;
  }
}

function damagedUtf8(bytes: Uint8Array, declared: string | undefined): DetectedText | undefined {
  const text = new TextDecoder('utf-8').decode(bytes);
  const damaged = count(text, /\ufffd/g);
  const pairs = count(text, /[\u0080-\u07ff]/g);
  const longer = count(text, /[\u0800-\ufffc\u{10000}-\u{10ffff}]/gu);
  const isDeclared = /^utf-?8$/i.test(declared ?? '') && damaged * CHARACTERS_A_DAMAGED <= text.length;
  if (damaged === 0 || (!isDeclared && pairs / PAIRS_A_DAMAGED + longer / LONGER_A_DAMAGED < damaged)) return undefined;
  return { text, warning: `${damaged} places are no UTF-8 and became U+FFFD` };
}

function guessed(bytes: Uint8Array): DetectedText | undefined {
  const guess = guessEncoding(bytes);
  const label = guess === undefined ? undefined : DECODERS[guess.label];
  if (label === undefined) return undefined;
  const text = decodeWith(label, bytes, false);
  const damaged = count(text, /\ufffd/g);
  if (damaged * CHARACTERS_A_DAMAGED > text.length) return undefined;
  if (label === 'windows-1252' && count(text, WESTERN) < 0.8 * count(text, /\P{ASCII}/gu)) return undefined;
  const lost = damaged === 0 ? '' : `, with ${damaged} places that are not and became U+FFFD`;
  return {
    text,
    warning: `read as ${label === 'windows-1252' ? label : guess!.name}, which it seems to be: it does not say its encoding${lost}`,
  };
}

function count(text: string, pattern: RegExp): number {
  let number = 0;
  for (const _ of text.matchAll(pattern)) number += 1;
  return number;
}
