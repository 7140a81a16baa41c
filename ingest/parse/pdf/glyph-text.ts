/**
 * Characters that stand for the look of others: ligatures (U+FB00–FB06), radicals of Kangxi's dictionary and their supplements (U+2E80–2FD5), and compatibility
 * ideographs (U+F900–FAFF, U+2F800–2FA1F). Fonts whose tables name the first of several code points of one glyph give these for ordinary letters.
 */
const LOOKS = /[\uFB00-\uFB06\u2E80-\u2FD5\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu;

/** Radicals of the supplement that Unicode gives no decomposition, by the ideograph that is written so. */
const RADICALS: Readonly<Record<string, string>> = {
  '⺟': '母',
  '⺠': '民',
  '⻁': '虎',
  '⻄': '西',
  '⻅': '见',
  '⻆': '角',
  '⻉': '贝',
  '⻋': '车',
  '⻓': '长',
  '⻔': '门',
  '⻘': '青',
  '⻙': '韦',
  '⻚': '页',
  '⻛': '风',
  '⻜': '飞',
  '⻝': '食',
  '⻢': '马',
  '⻣': '骨',
  '⻤': '鬼',
  '⻥': '鱼',
  '⻦': '鸟',
  '⻧': '卤',
  '⻨': '麦',
  '⻩': '黄',
  '⻬': '齐',
  '⻮': '齿',
  '⻰': '龙',
  '⻳': '龟',
};

/** Tabs, no-break and other wide spaces are spaces; soft hyphens, zero-width characters and what no font can show (controls) are nothing. */
const SPACES = /[\t\u00A0\u2000-\u200A\u202F\u205F]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const NOTHING = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u200B-\u200D\u2060\uFEFF\uFFFE\uFFFF]/g;

/** Accents without a letter, which some fonts of TeX have for quotation marks. */
const BARE_ACCENT = /(^|\s)([\u0300\u0301])\s?/gu;

/** Text of glyphs as it is written otherwise: compatibility forms of the ranges above folded (NFKC), and only those. */
export function glyphText(text: string): string {
  return text
    .replace(SPACES, ' ')
    .replace(NOTHING, '')
    .replace(BARE_ACCENT, (_, before: string, accent: string) => before + (accent === '\u0300' ? '`' : '\u00B4'))
    .replace(LOOKS, (character) => RADICALS[character] ?? character.normalize('NFKC'));
}

/** Letters without spaces between words: Chinese and Japanese, their punctuation and full-width forms. */
const CJK =
  /[\u2E80-\u303F\u3040-\u30FF\u3100-\u312F\u3190-\u31EF\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\uFE30-\uFE4F\uFF00-\uFFEF\u{20000}-\u{323AF}]/u;
const CJK_END = new RegExp(`${CJK.source}$`, 'u');
const CJK_START = new RegExp(`^${CJK.source}`, 'u');

/** An address on the web that ends where it may be broken. A sentence that ends in one goes on with a capital. */
const ADDRESS_CUT = /(?:(?:https?|ftp):|(?:(?:https?|ftp):\/\/|www\.)\S*[./?=&_-])$/u;

/** Whether a text has a letter of Chinese or Japanese. */
export function hasCjk(text: string): boolean {
  return CJK.test(text);
}

/** Chinese or Japanese next to letters or digits of others, with a space between or without. */
const MIXED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]( ?)(?=[A-Za-z0-9])|[A-Za-z0-9]( ?)(?=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])/gu;

/** Whether texts put spaces between Chinese and letters or digits of others: some authors do, and lines do not tell. */
export function spacesMixedText(texts: Iterable<string>): boolean {
  let [spaced, bare] = [0, 0];
  for (const text of texts)
    for (const [, before, after] of text.matchAll(MIXED))
      if ((before ?? after) === ' ') spaced += 1;
      else bare += 1;
  return spaced > bare;
}

/** How two lines of one paragraph meet: whether the hyphen at the first one's end goes, and what comes between. */
function seam(first: string, second: string, spacedMixed: boolean): { cut: boolean; between: '' | ' ' } {
  const bare = { cut: false, between: '' } as const;
  // What stands farther away says nothing.
  const end = first.slice(-80);
  const [cjkBefore, cjkAfter] = [CJK_END.test(end), CJK_START.test(second)];
  if (cjkBefore && cjkAfter) return bare;
  // Punctuation of Chinese brings its own room.
  const letters = /[\p{L}\p{N}]$/u.test(end) && /^[\p{L}\p{N}]/u.test(second);
  if ((cjkBefore || cjkAfter) && !(spacedMixed && letters)) return bare;
  // A word that has a hyphen already is a name that is written with hyphens: `apt-file-` and `cache`.
  if (/(?:^|[^\p{L}\p{N}./_-])\p{L}*\p{Ll}-$/u.test(end) && /^\p{Ll}/u.test(second)) return { cut: true, between: '' };
  if (/[\p{L}\d/._]-$/u.test(end) && /^[\p{L}\d]/u.test(second)) return bare;
  if (ADDRESS_CUT.test(end) && /^[\p{Ll}\d/?=&#_~%]/u.test(second)) return bare;
  return { cut: false, between: ' ' };
}

/**
 * Lines of one paragraph as one: nothing comes between two of Chinese or Japanese, a space elsewhere; a hyphen that divides a word goes. Empty lines are none.
 *
 * @param spacedMixed `spacesMixedText` of the document
 */
export function joinLines(lines: readonly string[], spacedMixed = false): string {
  const pieces: string[] = [];
  let last = '';
  for (const line of lines) {
    if (line === '') continue;
    if (last !== '') {
      const { cut, between } = seam(last, line, spacedMixed);
      if (cut) pieces[pieces.length - 1] = last.slice(0, -1);
      pieces.push(between);
    }
    pieces.push(line);
    last = line;
  }
  return pieces.join('');
}

/** Two pieces of one line, as they are measured on the page. */
interface Piece {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly fontSize: number;
  readonly monospace: boolean;
  readonly spaced: boolean;
}

/** Gaps from which on, in parts of the font size, there is a space between two pieces that the file has none between: letters, and Chinese or Japanese on both sides. */
const LETTER_GAP = 0.2;
const CJK_GAP = 0.6;

/** The text of two pieces of one line. Between pieces of code stand as many spaces as fit. */
export function joinRuns(first: Piece, second: Piece): string {
  const gap = second.left - first.right;
  if (first.monospace && second.monospace) {
    const cell = (second.right - second.left) / second.text.length;
    const spaces = Math.min(80, Math.max(Math.round(gap / cell), second.spaced ? 1 : 0, 0));
    return first.text + ' '.repeat(CJK.test(second.text) ? Math.min(spaces, 1) : spaces) + second.text;
  }
  const size = Math.max(first.fontSize, second.fontSize);
  const cjk = CJK_END.test(first.text) && CJK_START.test(second.text);
  const space = cjk ? gap > CJK_GAP * size : second.spaced || gap > LETTER_GAP * size;
  return `${first.text}${space ? ' ' : ''}${second.text}`;
}
