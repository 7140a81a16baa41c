import type { Block } from '../parse/index.ts';
import type { PruneRule } from './prune-settings.ts';

/** Where a block stands. */
export interface BlockPosition {
  /** Among the first or the last blocks of its document. */
  readonly isAtEnds: boolean;
  /** The first or the last block of its page, in formats with pages. */
  readonly isAtPageEdge: boolean;
}

/** Blocks that count as a document's beginning and as its end: headers, menus and footers have a few lines. */
const ENDS = 12;
/** Longer blocks say something of their own. UTF-16 units. */
const LONGEST_LINE = 240;
const LONGEST_PAGE_NUMBER = 24;

const LABELLED_PAGE =
  /^[^\p{L}\p{N}]*(?:(?:page|p\.|seite)\s*\d{1,5}(?:\s*(?:of|von|\/)\s*\d{1,5})?|第\s*[\d〇零一二三四五六七八九十百]{1,6}\s*页\s*[,，/]?\s*(?:[（(]?\s*共\s*[\d〇零一二三四五六七八九十百]{1,6}\s*页\s*[）)]?)?)[^\p{L}\p{N}]*$/iu;
const BARE_PAGE = /^[^\p{L}\p{N}]*(?:\d{1,5}(?:\s*\/\s*\d{1,5})?|[ivxl]{1,7})[^\p{L}\p{N}]*$/iu;

const COPYRIGHT = [
  /^(?:copyright\s*)?(?:©|\(c\)|ⓒ)\s*.*(?:19|20)\d\d/i,
  /^copyright\s+(?:by\s+)?(?:19|20)\d\d\b/i,
  /\ball rights reserved\.?$/i,
  /^(?:版权所有|著作权所有|版權所有)(?![人者权權])[^。]*。?$/u,
  /^版权归.{1,40}所有[^。]*。?$/u,
  /(?:保留所有权利|保留一切权利|侵权必究|翻印必究)。?$/u,
  /^\p{Script=Han}ICP[备证]\s*\d{4,12}号/iu,
  /^\p{Script=Han}公网安备\s*\d{6,20}号/u,
] as const;

/** The way from the home page to this one. */
const BREADCRUMBS = /^(?:home|首页|主页|(?:当前|您(?:现在)?的|你的|所在)?位置\s*[:：].{0,20}?)(?:\s*[>›»→]|\s+[/\\]\s).*$/iu;

/** Links that only move about; of the second list each may be a word of a text, so that it takes several. */
const MOVES =
  /(?:(?:back|return|go) to (?:the )?top|skip to (?:main )?content|skip (?:to )?navigation|(?:next|previous|prev) (?:page|chapter|section|article)|上一[页章节篇条]|下一[页章节篇条]|[返回]{1,2}到?(?:顶部|首页|目录|列表)|加入收藏|设为首页|打印本页|关闭窗口)/iuy;
const LINKS =
  /(?:next|previous|prev|home|up|top|contents|table of contents|index|search|menu|log ?in|sign ?in|sign ?up|register|print|share|sitemap|contact(?: us)?|about(?: us)?|首页|尾页|末页|目录|返回|打印|关闭|分享|登录|注册|搜索|菜单|收藏|网站地图|联系我们|关于我们)(?![\p{L}\p{N}])/iuy;
const BETWEEN_LINKS = /[^\p{L}\p{N}]+/uy;
const SEVERAL = 3;

/** Which rule drops a block; undefined for one that stays. Headings, tables, code, quotes and captions always stay. */
export function ruleOf(
  { kind, text }: Block,
  { isAtEnds, isAtPageEdge }: BlockPosition,
  { rules, isRepeated }: { readonly rules: readonly PruneRule[]; readonly isRepeated: boolean },
): PruneRule | undefined {
  const isLine = (kind === 'paragraph' || kind === 'list-item') && text.length <= LONGEST_LINE;
  const applies: Readonly<Record<PruneRule, () => boolean>> = {
    'page-number': () => isLine && isPageNumber(text, isAtPageEdge),
    copyright: () => isLine && (isAtEnds || isAtPageEdge) && COPYRIGHT.some((pattern) => pattern.test(text)),
    navigation: () => isLine && isNavigation(text, isAtEnds),
    boilerplate: () => isRepeated && isAtEnds && (isLine || kind === 'figure'),
  };
  return rules.find((rule) => applies[rule]());
}

/** A number by itself is a page's only at its edge. */
function isPageNumber(text: string, isAtPageEdge: boolean): boolean {
  if (text.length > LONGEST_PAGE_NUMBER) return false;
  return LABELLED_PAGE.test(text) || (isAtPageEdge && BARE_PAGE.test(text));
}

function isNavigation(text: string, isAtEnds: boolean): boolean {
  if (isAtEnds && BREADCRUMBS.test(text)) return true;
  let [moves, links] = [0, 0];
  for (let place = 0; place < text.length; ) {
    const length = lengthAt(BETWEEN_LINKS, text, place);
    const move = length === 0 ? lengthAt(MOVES, text, place) : 0;
    const link = length + move === 0 ? lengthAt(LINKS, text, place) : 0;
    if (move > 0) moves += 1;
    if (link > 0) links += 1;
    if (length + move + link === 0) return false;
    place += length + move + link;
  }
  return moves > 0 || (isAtEnds && links >= SEVERAL);
}

function lengthAt(pattern: RegExp, text: string, place: number): number {
  pattern.lastIndex = place;
  return pattern.exec(text)?.[0].length ?? 0;
}

/** [blocks] */
export function positionsOf(blocks: readonly Block[]): BlockPosition[] {
  return blocks.map(({ pages }, place) => {
    const [before, after] = [blocks[place - 1]?.pages, blocks[place + 1]?.pages];
    const isFirst = pages !== undefined && (before === undefined || before.last < pages.first);
    const isLast = pages !== undefined && (after === undefined || after.first > pages.last);
    return { isAtEnds: place < ENDS || place >= blocks.length - ENDS, isAtPageEdge: isFirst || isLast };
  });
}
