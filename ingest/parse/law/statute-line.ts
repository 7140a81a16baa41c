import { type ByteSpan, NUMERAL_CHARACTERS, parseChineseNumber } from '../../../base/index.ts';

/** Levels of a statute's headings, the highest first. 附则 and 序言 have no number. */
export type HeadingLevel = 'book' | 'sub-book' | 'chapter' | 'section';

const LEVELS: Readonly<Record<string, HeadingLevel>> = { 编: 'book', 分编: 'sub-book', 章: 'chapter', 节: 'section' };

const NUMBER = `[${NUMERAL_CHARACTERS}]{1,16}`;
const GAP = '[\\s\\u3000\\u00a0]';
const HEADING = new RegExp(`^第${GAP}*(${NUMBER})${GAP}*(编|分编|章|节)(?:${GAP}+|[:：、.．]|$)(.*)$`);
/** A heading without a gap is taken for one when it is short and has no punctuation of a sentence. */
const TIGHT_HEADING = new RegExp(`^第(${NUMBER})(编|分编|章|节)([^，。；：,;:]{1,30})$`);
const ARTICLE = new RegExp(`^第${GAP}*(${NUMBER})${GAP}*条(?:${GAP}*之${GAP}*(${NUMBER}))?(.*)$`);
const UNNUMBERED = new RegExp(`^(附${GAP}*则|序${GAP}*言|前${GAP}*言|序${GAP}*章)$`);
const CONTENTS = new RegExp(`^(?:目${GAP}*[录次])$`);

/** What an article's number is: 第三百九十条之一 is { number: 390, inserted: 1 }. */
export interface ArticleNumber {
  readonly number: number;
  /** Of articles that amendments put between two others; 0 for the article itself. */
  readonly inserted: number;
}

export type StatuteLine = { readonly text: string; readonly span: ByteSpan } & (
  | { readonly kind: 'heading'; readonly level: HeadingLevel; readonly title: string }
  /** 附则, 序言 */
  | { readonly kind: 'unnumbered'; readonly title: string }
  | {
      readonly kind: 'article';
      /** As it stands, without white space: 第三百九十条之一. */
      readonly label: string;
      readonly number: ArticleNumber;
      /** What follows the number in the line. */
      readonly rest: string;
      /** Whether white space or the line's end stands behind the number, as no reference inside a sentence has it. */
      readonly apart: boolean;
    }
  | { readonly kind: 'contents' | 'text' }
);

/** The lines of a text that are not empty, with what each is by itself. Spans are in UTF-8, of the line without white space at its ends. */
export function statuteLines(text: string): StatuteLine[] {
  const lines: StatuteLine[] = [];
  let offset = 0;
  for (const piece of text.split(/(?<=\n|\r(?!\n)|\u2028|\u2029)/)) {
    const trimmed = piece.trim();
    if (trimmed !== '') {
      const start = offset + Buffer.byteLength(piece.slice(0, piece.indexOf(trimmed)));
      lines.push(classify(trimmed, { start, end: start + Buffer.byteLength(trimmed) }));
    }
    offset += Buffer.byteLength(piece);
  }
  return lines;
}

function classify(text: string, span: ByteSpan): StatuteLine {
  const heading = HEADING.exec(text) ?? TIGHT_HEADING.exec(text);
  if (heading) {
    const [, number, word, name] = heading;
    const title = `第${number}${word} ${withoutGaps(name!)}`.trimEnd();
    if (parseChineseNumber(number!) !== undefined) return { text, span, kind: 'heading', level: LEVELS[word!]!, title };
  }
  if (UNNUMBERED.test(text)) return { text, span, kind: 'unnumbered', title: withoutGaps(text) };
  if (CONTENTS.test(text)) return { text, span, kind: 'contents' };
  const article = ARTICLE.exec(text);
  const number = article && parseChineseNumber(article[1]!);
  const inserted = article?.[2] === undefined ? 0 : parseChineseNumber(article[2]);
  if (!article || number === undefined || inserted === undefined) return { text, span, kind: 'text' };
  const rest = article[3]!;
  const label = withoutGaps(text.slice(0, text.length - rest.length));
  return {
    text,
    span,
    kind: 'article',
    label,
    number: { number: number!, inserted },
    rest: rest.trim(),
    apart: rest === '' || /^[\s\u3000\u00a0：:【[]/.test(rest),
  };
}

export function withoutGaps(text: string): string {
  return text.replace(/[\s\u3000\u00a0]+/g, '');
}
