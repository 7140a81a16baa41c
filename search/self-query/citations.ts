import { NUMERAL_CHARACTERS } from '../../base/index.ts';
import { type ArticleMatch, type ArticleNumber, findArticles } from './article-numbers.ts';
import { findNames, type NameMatch } from './name-matches.ts';

export interface Citation extends ArticleNumber {
  /** The value that the name stands for. */
  readonly name: string;
}

/** Articles that a range (第十条至第十五条) may name; longer ones are not read as a condition. */
const LONGEST_RANGE = 100;

const PART = `第\\s*[${NUMERAL_CHARACTERS}]{1,16}\\s*(?:编|分编|章|节)`;
/** Between a law and its article: 《刑法》总则第十条, 刑法（2020年修正）的第十条. Not 修正案, 解释, which are other texts. */
const AFTER_NAME = new RegExp(`^(?:[》」』”"'\\s,，:：的中里]|总则|分则|[（(][^（()）]{0,16}[）)]|${PART}|under|in)*$`, 'iu');
/** Between an article and the law that follows: article 10 of the Criminal Law. */
const BEFORE_NAME = /^\s*,?\s*(?:of|in|under)\s+(?:the\s+)?(?:PRC\s+|Chinese\s+|China's\s+)?$/i;
const CLAUSE = `(?:\\s*(?:第\\s*)?[${NUMERAL_CHARACTERS}]{1,4}\\s*[款项])*`;
const FURTHER = new RegExp(`^${CLAUSE}[\\s、,，]*(?:以及|或者|和|与|及|或|and|or|&)?\\s*$`, 'iu');
const RANGE = new RegExp(`^${CLAUSE}\\s*(?:至|到|-|–|—|~|～|to|through)\\s*$`, 'iu');

/**
 * Laws with articles that a query names. An article without a law, a law without an article, and an article of what has the law's name in its own (刑法修正案（十一）第三条) are none.
 */
export function findCitations(query: string, names: Readonly<Record<string, readonly string[]>>): Citation[] {
  const [laws, articles] = [findNames(query, names), findArticles(query)];
  const citations: Citation[] = [];
  let before: { readonly article: ArticleMatch; readonly law: string } | undefined;
  for (const article of articles) {
    const own = lawOf(query, article, laws);
    const between = before && query.slice(before.article.end, article.start);
    const law = own ?? (between !== undefined && (FURTHER.test(between) || RANGE.test(between)) ? before?.law : undefined);
    if (law === undefined) {
      before = undefined;
      continue;
    }
    if (own === undefined && before && RANGE.test(between!)) {
      if (article.number - before.article.number > LONGEST_RANGE) return [];
      for (let number = before.article.number + 1; number < article.number; number++)
        citations.push({ name: law, number, inserted: 0 });
    }
    citations.push({ name: law, number: article.number, inserted: article.inserted });
    before = { article, law };
  }
  return citations;
}

function lawOf(query: string, article: ArticleMatch, laws: readonly NameMatch[]): string | undefined {
  const above = laws.findLast(({ end }) => end <= article.start);
  if (above && AFTER_NAME.test(query.slice(above.end, article.start))) return above.value;
  const behind = laws.find(({ start }) => start >= article.end);
  return behind && BEFORE_NAME.test(query.slice(article.end, behind.start)) ? behind.value : undefined;
}
