import { type ArticleNumber, type HeadingLevel, type StatuteLine, statuteLines, withoutGaps } from './statute-line.ts';
import { lawNameOf } from './statute-name.ts';

type Line = Pick<StatuteLine, 'text' | 'span'>;

/** What stands above an article; empty where nothing does. */
interface StatuteHeadings {
  readonly book: string;
  readonly subBook: string;
  readonly chapter: string;
  readonly section: string;
}

export interface StatuteArticle extends StatuteHeadings {
  /** 第三百九十条之一; of what stands before the first article 序言, or 题注 where it has no such heading. */
  readonly article: string;
  /** Its place among the law's articles, from 1; 0 for what stands before them. */
  readonly recordIndex: number;
  /** Its lines, items （一） among them, the first with its number. */
  readonly lines: readonly Line[];
}

export interface Statute {
  /** Its full name, as its title says; empty where nothing stands before the first article. */
  readonly law: string;
  readonly articles: readonly StatuteArticle[];
  /** What was not taken as it seems to be meant, in lines for people. */
  readonly warnings: readonly string[];
}

const NO_HEADINGS: StatuteHeadings = { book: '', subBook: '', chapter: '', section: '' };
const BELOW: Readonly<Record<HeadingLevel, readonly (keyof StatuteHeadings)[]>> = {
  book: ['subBook', 'chapter', 'section'],
  'sub-book': ['chapter', 'section'],
  chapter: ['section'],
  section: [],
};

/**
 * Reads a Chinese statute: articles with what stands above them. Lines up to the next article or heading belong to an article, an annex behind the last one too. The table of contents is
 * skipped. An article's number is larger than the one before it; a line that begins with a smaller one is a reference in the text (第十条规定的…, of a text with hard line ends).
 */
export function readStatute(text: string): Statute {
  const all = statuteLines(text);
  const from = all.findIndex(({ kind }) => kind !== 'contents');
  const title = all[from]?.kind === 'text' ? titleOf(all, from) : undefined;
  const body = withoutContents(all.slice(title?.end ?? 0));
  const articles: StatuteArticle[] = [];
  const warnings: string[] = [];
  let headings = NO_HEADINGS;
  let last: ArticleNumber = { number: 0, inserted: 0 };
  let lines: Line[] = [];
  // Lines before the first article; from 序言 on they are the preamble itself.
  let before: { article: string; lines: Line[] } = { article: '题注', lines: [] };
  let inArticle = false;
  const hasBooks = body.some((line) => line.kind === 'heading' && line.level === 'book');
  for (const line of body) {
    const starts = line.kind === 'article' && isNext(last, line.number, line.apart);
    if (starts) {
      lines = [{ text: `${line.label} ${line.rest}`.trim(), span: line.span }];
      last = line.number;
      inArticle = true;
      articles.push({ ...headings, article: line.label, recordIndex: articles.length + 1, lines });
    } else if (line.kind === 'heading') {
      headings = below(headings, line.level, line.title);
      inArticle = false;
    } else if (line.kind === 'unnumbered') {
      if (articles.length > 0) {
        headings = { ...NO_HEADINGS, [hasBooks ? 'book' : 'chapter']: line.title };
        inArticle = false;
      } else if (line.title !== '附则') before = { article: '序言', lines: [...before.lines] };
    } else if (line.kind !== 'contents') {
      if (line.kind === 'article' && line.apart)
        warnings.push(`${line.label} after ${labelOf(last)}: taken for text of that article`);
      if (inArticle) lines.push(line);
      else if (articles.length === 0) before.lines.push(line);
      else {
        lines.push(line);
        warnings.push(
          `a line between a heading and its first article was put to ${articles.at(-1)!.article}: ${line.text.slice(0, 40)}`,
        );
      }
    }
  }
  const preamble: StatuteArticle[] =
    before.lines.length === 0 ? [] : [{ ...NO_HEADINGS, article: before.article, recordIndex: 0, lines: before.lines }];
  return { law: title?.law ?? '', articles: [...preamble, ...articles], warnings };
}

/** The title may go over several short lines, up to a note in brackets, the contents or a heading. */
function titleOf(lines: readonly StatuteLine[], from: number): { law: string; end: number } {
  let [end, text] = [from, ''];
  while (
    end - from < 3 &&
    lines[end]?.kind === 'text' &&
    lines[end]!.text.length <= 60 &&
    !/^[（(]|[。；]$/.test(lines[end]!.text)
  ) {
    text += withoutGaps(lines[end]!.text);
    end += 1;
    if (/(?:法|法典|条例|规定|办法|细则|解释|决定|规则|章程|宪法|通则)(?:[（(].*[）)])?$/.test(text)) break;
  }
  return { law: lawNameOf(text), end };
}

/** Without the table of contents: from 目录 up to where its first entry stands again. */
function withoutContents(lines: readonly StatuteLine[]): readonly StatuteLine[] {
  const at = lines.findIndex(({ kind }) => kind === 'contents');
  if (at < 0) return lines;
  const places = new Map<string, number[]>();
  lines.forEach((line, place) => {
    if (place > at && line.kind !== 'text') places.set(entryOf(line), [...(places.get(entryOf(line)) ?? []), place].slice(0, 2));
  });
  // A first entry may be written otherwise in the text itself, and so may the next ones: none is before its own.
  const again = [...places.values()].find(({ length }) => length > 1)?.[1];
  return [...lines.slice(0, at), ...lines.slice(again ?? at + 1)];
}

/** An entry of the contents without dots and page numbers. */
function entryOf({ text }: Line): string {
  return withoutGaps(text).replace(/[.．·…—-]*\d*$/, '');
}

function isNext(last: ArticleNumber, next: ArticleNumber, apart: boolean): boolean {
  if (next.number === last.number) return next.inserted > last.inserted;
  if (next.number < last.number) return false;
  return apart || (next.number === last.number + 1 && next.inserted === 0);
}

function below(headings: StatuteHeadings, level: HeadingLevel, title: string): StatuteHeadings {
  const key = level === 'sub-book' ? 'subBook' : level;
  return { ...headings, ...Object.fromEntries(BELOW[level].map((lower) => [lower, ''])), [key]: title };
}

function labelOf({ number, inserted }: ArticleNumber): string {
  return `article ${number}${inserted === 0 ? '' : `-${inserted}`}`;
}
