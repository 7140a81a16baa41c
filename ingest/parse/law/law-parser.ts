import { CemError } from '../../../base/index.ts';
import { detectText } from '../../../data/index.ts';
import type { Block } from '../block.ts';
import { defineParser } from '../define-parser.ts';
import type { ParsedDocument, SourceFile } from '../parser.ts';
import { readStatute, type Statute, type StatuteArticle } from './statute.ts';
import { type StatuteLine, statuteLines, withoutGaps } from './statute-line.ts';
import { aliasOf } from './statute-name.ts';

/** What stands in an index prefix where a chapter has no sections. */
const NO_SECTION = '未分节';
/** So many articles, or headings of a titled statute, make a text one. */
const ENOUGH = 3;
/** A title or a note under it, as enacted statutes have them. */
const ENACTED =
  /^中华人民共和国.{1,30}法典?$|(?:法|法典|条例|规定|办法|细则|宪法)[\s\S]{0,20}[（(]\d{4}年\d{1,2}月\d{1,2}日[^）)]*(?:通过|公布|发布|批准|修正|修订|施行)/;

const MARKUP = /^(?:#{1,6}\s|<[a-z!?/])/i;

/**
 * Chinese statutes as text, a document an article: 编, 分编, 章, 节 and 条 at the beginnings of lines. An article is one unit, its number and lines are what is shown, and it is found with its
 * law, alias, book, chapter and section before it.
 */
export const lawParser = defineParser({
  format: 'law-zh',
  version: 1,
  extensions: [],
  recognise(start) {
    const text = startOfText(start);
    if (text === undefined) return 0;
    const lines = statuteLines(text);
    const articles = lines.filter((line) => line.kind === 'article' && line.apart).length;
    // Markdown and pages have a parser of their own, whatever they are about.
    if (lines.some((line) => MARKUP.test(line.text))) return articles > 0 ? 1 : 0;
    const headings = lines.filter(({ kind }) => kind === 'heading').length;
    if (articles >= ENOUGH || (isTitled(lines) && headings + articles >= ENOUGH)) return 2;
    return articles > 0 ? 1 : 0;
  },
  load: async () => readLaw,
});

/** Whether the first line is a statute's title, alone or with the note under it. */
function isTitled(lines: readonly StatuteLine[]): boolean {
  const [title = '', note = ''] = lines.slice(0, 2).map(({ text }) => withoutGaps(text));
  return ENACTED.test(title) || ENACTED.test(`${title}\n${note}`);
}

function readLaw(file: SourceFile): ParsedDocument[] {
  const { text, warning } = detectText(file.bytes, file.path);
  const statute = readStatute(text);
  if (statute.articles.length > 0)
    return documentsOf({ ...statute, warnings: [...(warning === undefined ? [] : [warning]), ...statute.warnings] });
  throw noText(file);
}

function noText({ path }: SourceFile): CemError {
  return new CemError('PARSE_LAW_ZH', `${path} has a title and no text below it: there is nothing to find in it, take it out`, {
    details: { path },
  });
}

function documentsOf({ law, articles, warnings }: Statute): ParsedDocument[] {
  return articles.map((article, place) => documentOf(law, article, place === 0 ? warnings : []));
}

function documentOf(law: string, article: StatuteArticle, warnings: readonly string[]): ParsedDocument {
  const { book, subBook, chapter, section } = article;
  const alias = aliasOf(law);
  return {
    ...(law !== '' && { title: law }),
    blocks: article.lines.map(({ text, span }): Block => ({ kind: 'paragraph', text, headings: [], span })),
    indexPrefix: prefixOf(law, alias, article),
    whole: true,
    fields: {
      law,
      ...(alias !== undefined && { law_alias: alias }),
      book,
      ...(subBook !== '' && { sub_book: subBook }),
      chapter,
      section,
      article: article.article,
      record_index: article.recordIndex,
    },
    ...(warnings.length > 0 && { warnings }),
  };
}

/** 《中华人民共和国民法典》（简称：民法典）第二编 物权 第一章 一般规定 未分节 第二百零五条. Without its own part where there is none. */
function prefixOf(law: string, alias: string | undefined, { book, chapter, section, article }: StatuteArticle): string {
  const name = law === '' ? '' : `《${law}》${alias === undefined ? '' : `（简称：${alias}）`}`;
  const above = [book, chapter, section === '' && chapter !== '' ? NO_SECTION : section];
  return `${name}${[...above, article].filter((part) => part !== '').join(' ')}`;
}

/** The beginning of a file as text: UTF-8 or UTF-16, or GB18030 where it is neither; undefined where it is none. A character may be cut at the end. */
function startOfText(start: Uint8Array): string | undefined {
  const marked =
    start[0] === 0xff && start[1] === 0xfe ? 'utf-16le' : start[0] === 0xfe && start[1] === 0xff ? 'utf-16be' : undefined;
  for (const label of marked === undefined ? ['utf-8', 'gb18030'] : [marked]) {
    try {
      return new TextDecoder(label, { fatal: true }).decode(start, { stream: true });
    } catch {
      // The next one.
    }
  }
  return undefined;
}
