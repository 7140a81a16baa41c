import { NUMERAL_CHARACTERS, parseChineseNumber, writeChineseNumber } from '../../base/index.ts';

/** An article's number; `inserted` is that of an article which an amendment put behind it (之一), 0 for the article itself. */
export interface ArticleNumber {
  readonly number: number;
  readonly inserted: number;
}

export interface ArticleMatch extends ArticleNumber {
  readonly start: number;
  readonly end: number;
}

const NUMBER = `[${NUMERAL_CHARACTERS}]{1,16}`;
const CHINESE = `(?:第\\s*)?(?<chinese>${NUMBER})\\s*条(?:\\s*之\\s*(?<chineseInserted>${NUMBER})(?!般))?`;
const ENGLISH =
  '(?<![\\p{L}\\p{N}])art(?:icle|\\.)?s?\\s*(?<english>\\d{1,5})(?:\\s*(?:-|bis|之)\\s*(?<englishInserted>\\d{1,2}))?(?![\\p{L}\\p{N}])';
const ARTICLE = new RegExp(`${CHINESE}|${ENGLISH}`, 'giu');

/** Articles that a text names, in either writing: 第十条, 第1165条, 133条之一, article 10. */
export function findArticles(text: string): ArticleMatch[] {
  return Array.from(text.matchAll(ARTICLE)).flatMap((match) => {
    const { chinese, chineseInserted, english, englishInserted } = match.groups!;
    const number = parseChineseNumber(chinese ?? english ?? '');
    const insertedText = chineseInserted ?? englishInserted;
    const inserted = insertedText === undefined ? 0 : parseChineseNumber(insertedText);
    if (number === undefined || inserted === undefined) return [];
    return [{ number, inserted, start: match.index, end: match.index + match[0].length }];
  });
}

/** How a statute may write this number: 第三十七条之一, 第37条之一, 第37条之1. */
export function articleForms({ number, inserted }: ArticleNumber): string[] {
  const numbers = number >= 1 && number <= 9999 ? [writeChineseNumber(number), String(number)] : [String(number)];
  if (inserted === 0) return numbers.map((form) => `第${form}条`);
  const inserts = inserted <= 9999 ? [writeChineseNumber(inserted), String(inserted)] : [String(inserted)];
  return numbers.flatMap((form) => inserts.map((insert) => `第${form}条之${insert}`));
}
