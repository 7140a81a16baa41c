import { createHash } from 'node:crypto';
import type { ParsedDocument } from '../../../../ingest/index.ts';

/** A row of `expected-articles.jsonl`. */
export interface SourceRecord {
  readonly law: string;
  readonly book: string;
  readonly chapter: string;
  readonly section: string;
  readonly article: string;
  readonly record_index: number;
  readonly characters: number;
  readonly sha1: string;
}

type Fields = Omit<SourceRecord, 'characters' | 'sha1'> & { readonly sub_book?: string };

/** `--min-chunk-len` and `--sentence-size` of the system that the rows come from. */
const SHORTEST = 20;
const LONGEST = 512;

/**
 * The articles of a law as the system cut them that `expected-articles.jsonl` comes from. It differs from a right reading in these rules, and in nothing else:
 *
 * 1. An article gets the headings that hold when the next article begins. So the last article of a chapter is put to the next chapter.
 * 2. 分编 and 附则 are no headings: their line is text of the article before, and what stands below 附则 keeps the chapter before it.
 * 3. Articles that were inserted (之一) have the name of the article that they were inserted behind.
 * 4. What has fewer than 20 characters (one space behind the number counts) is left out; what has more than 512 is cut, by sentences.
 * 5. What stands before the first article is left out.
 */
export function sourceRecords(documents: readonly ParsedDocument[]): SourceRecord[] {
  const articles = documents.filter(({ fields }) => fields?.['record_index'] !== 0);
  const known: Pick<Fields, 'book' | 'chapter' | 'section'>[] = [];
  for (const { fields } of articles) {
    const { book, chapter, section } = fields as unknown as Fields;
    known.push([book, chapter].includes('附则') ? known.at(-1)! : { book, chapter, section });
  }
  return articles.flatMap((document, place) => {
    const { law, article, record_index } = document.fields as unknown as Fields;
    const next = articles[place + 1]?.fields as unknown as Fields | undefined;
    const own = document.fields as unknown as Fields;
    const strayed = next === undefined ? [] : strayHeadings(own, next);
    const sentences = [...document.blocks.map(({ text }) => text), ...strayed].flatMap((text) => text.split(/(?<=[。；！？.])/));
    const record = { law, ...known[place + (next ? 1 : 0)]!, article: article.replace(/之.*$/, ''), record_index };
    return piecesOf(sentences).map((text) => {
      const bare = text.replace(/\s/g, '');
      return { ...record, characters: bare.length, sha1: createHash('sha1').update(bare).digest('hex') };
    });
  });
}

/** Lines between two articles that the system does not know as headings. */
function strayHeadings(own: Fields, next: Fields): string[] {
  const subBook = next.sub_book !== undefined && next.sub_book !== own.sub_book ? [next.sub_book] : [];
  const appendix = [next.book, next.chapter].includes('附则') && ![own.book, own.chapter].includes('附则') ? ['附则'] : [];
  return [...subBook, ...appendix];
}

function piecesOf(sentences: readonly string[]): string[] {
  const pieces: string[] = [];
  for (const sentence of sentences) {
    const joined = pieces.length === 0 ? sentence : `${pieces.at(-1)}\n${sentence}`;
    if (pieces.length > 0 && joined.length <= LONGEST) pieces[pieces.length - 1] = joined;
    else pieces.push(sentence);
  }
  return pieces.filter(({ length }) => length >= SHORTEST);
}
