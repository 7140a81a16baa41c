import { attribute, classWords, type Element, elementsWithin, isBlock, isElement, type Page } from './elements.ts';

/** The part of a page that it is there for. */
export interface MainContent {
  readonly root: Element;
  /** Elements inside the root that are no content of it. */
  readonly leftOut: LeftOut;
  /** The page's first heading where it stands before the root. */
  readonly heading?: Element;
}

type LeftOut = (element: Element) => boolean;

/** What stands in an element: characters of text, and of text in links. */
interface Amount {
  text: number;
  links: number;
  /** How many links and headings there are. */
  linkCount: number;
  headingCount: number;
}

const NAVIGATION_ROLES = new Set(
  'alertdialog banner complementary contentinfo dialog menu menubar navigation search toolbar tooltip doc-toc doc-index doc-pagelist'.split(
    ' ',
  ),
);

/** Names of boxes that are never what a page is there for. */
const SURROUNDINGS = new Set(
  (
    'nav navbar navigation navheader navfooter navigator breadcrumb breadcrumbs pagination pager toc tableofcontents skiplink footer cookie cookies consent gdpr share sharing social ' +
    'advert advertisement ads adsbygoogle sponsor sponsored newsletter subscribe linenos lineno gutter editsection noprint'
  ).split(' '),
);

/** Names of boxes that may be either: they go when a third of their text is links, or they have next to none. */
const DOUBTFUL = new Set(
  'menu sidebar header masthead banner search login signup related comments disqus promo popup modal widget toolbar topbar'.split(
    ' ',
  ),
);
const DOUBTFUL_LINKS = 0.33;
const NEXT_TO_NONE = 30;

/** A box with such a name is content although it looks like a remark at the side. */
const REMARKS = new Set('note tip warning caution important admonition hint info danger example'.split(' '));

/** A box that goes by its name alone holds at most this share of the page. */
const MOST_SURROUNDINGS = 0.5;
/** What calls itself the main part has at least this share of the page's text beside links. */
const LEAST_MAIN = 0.25;
/** A list is navigation when so much of its text is links, and they are at least three. */
const LINK_LIST = 0.75;

/**
 * Finds the main content of a page: `main`, or the only `article`, where the page has one, else the body; without the boxes that are no content of it. These are `nav`, the page's header and footer, asides,
 * roles of navigation, boxes with a name of navigation, boxes with a doubtful name that are full of links or next to empty, and, where the page does not say what its main part is, lists
 * of links that stand by themselves. Boxes are judged one by one, and no best box is chosen among them: pages of documentation have their text in many, and a lost paragraph costs more than a line too many.
 *
 * @param hidden says which elements nobody sees
 */
export function findMainContent(page: Page, hidden: LeftOut): MainContent | undefined {
  const body = bodyOf(page);
  if (body === undefined) return undefined;
  const amounts = measure(body, hidden);
  const all = amounts.get(body)!;
  const leftOut = new Set<Element>();
  const declared = declaredMain(body, amounts, all.text - all.links, hidden);
  for (const element of elementsWithin(body, (inner) => hidden(inner) || leftOut.has(inner)))
    for (const child of element.childNodes)
      if (isElement(child) && !isMain(child) && child !== declared && isSurrounding(child, amounts, all, declared))
        leftOut.add(child);
  const root = declared ?? body;
  const heading = headingBefore(body, root, hidden);
  return { root, leftOut: (element) => hidden(element) || leftOut.has(element), ...(heading !== undefined && { heading }) };
}

function isMain(element: Element): boolean {
  return element.tagName === 'main' || attribute(element, 'role') === 'main';
}

export function bodyOf(page: Page): Element | undefined {
  const root = page.childNodes.find((child): child is Element => isElement(child) && child.tagName === 'html');
  return root?.childNodes.find((child): child is Element => isElement(child) && child.tagName === 'body') ?? root;
}

/** What each visible element below the body holds. Chinese says in a character what English says in three or four letters: Han counts for three. */
function measure(body: Element, hidden: LeftOut): Map<Element, Amount> {
  const amounts = new Map<Element, Amount>();
  const order = [...elementsWithin(body, hidden)];
  for (const element of order) {
    const isHeading = /^h[1-6]$/.test(element.tagName);
    const amount = { text: 0, links: 0, linkCount: isLink(element) ? 1 : 0, headingCount: isHeading ? 1 : 0 };
    for (const child of element.childNodes)
      if ('value' in child && child.nodeName === '#text') amount.text += lengthOf(child.value);
    if (isLink(element)) amount.links = amount.text;
    amounts.set(element, amount);
  }
  // The order of the page has parents before their children, so from behind every child is complete.
  for (const element of order.reverse()) {
    const amount = amounts.get(element)!;
    if (isLink(element)) amount.links = amount.text;
    const parent = amounts.get(element.parentNode as Element);
    if (parent === undefined || element === body) continue;
    parent.text += amount.text;
    parent.links += amount.links;
    parent.linkCount += amount.linkCount;
    parent.headingCount += amount.headingCount;
  }
  return amounts;
}

/** Without `href` it is a place that links lead to. */
function isLink(element: Element): boolean {
  return element.tagName === 'a' && attribute(element, 'href') !== undefined;
}

function lengthOf(text: string): number {
  return (text.match(/\S/g)?.length ?? 0) + 2 * (text.match(/\p{Script=Han}/gu)?.length ?? 0);
}

function declaredMain(body: Element, amounts: ReadonlyMap<Element, Amount>, whole: number, hidden: LeftOut): Element | undefined {
  const enough = (element: Element): boolean => {
    const { text, links } = amounts.get(element)!;
    return text - links >= LEAST_MAIN * whole;
  };
  const elements = [...elementsWithin(body, hidden)];
  const mains = elements.filter(isMain);
  if (mains.length > 0 && enough(mains[0]!)) return mains[0];
  const articles = elements.filter((element) => element.tagName === 'article' && !isInside(element.parentNode, 'article'));
  return articles.length === 1 && enough(articles[0]!) ? articles[0] : undefined;
}

function isSurrounding(
  element: Element,
  amounts: ReadonlyMap<Element, Amount>,
  all: Amount,
  declared: Element | undefined,
): boolean {
  const amount = amounts.get(element);
  const name = element.tagName;
  const words = classWords(element);
  if (name === 'nav' || name === 'search') return true;
  if (name === 'aside') return !words.some((word) => REMARKS.has(word));
  if (name === 'footer') return !isInside(element.parentNode, 'blockquote');
  if (name === 'header') return declared === undefined ? !isInside(element.parentNode, 'article') : !isWithin(element, declared);
  if (NAVIGATION_ROLES.has(attribute(element, 'role') ?? '')) return true;
  if (amount === undefined || !isBlock(element) || name === 'body') return false;
  if (amount.text > MOST_SURROUNDINGS * all.text) return false;
  if (words.some((word) => SURROUNDINGS.has(word))) return true;
  if (words.some((word) => DOUBTFUL.has(word)) && (amount.links >= DOUBTFUL_LINKS * amount.text || amount.text < NEXT_TO_NONE))
    return true;
  return declared === undefined && isLinkList(element, amount) && !isAmongProse(element, amounts);
}

function isLinkList(element: Element, { text, links, linkCount, headingCount }: Amount): boolean {
  if (!['ul', 'ol', 'div', 'table', 'p', 'dl', 'form'].includes(element.tagName)) return false;
  return text > 0 && links >= LINK_LIST * text && linkCount >= 3 && headingCount === 0;
}

/** Whether a list stands between paragraphs: then it belongs to what they say. */
function isAmongProse(element: Element, amounts: ReadonlyMap<Element, Amount>): boolean {
  const { text } = amounts.get(element)!;
  let top = element;
  for (let box = top.parentNode; isBoxOf(box, text, amounts); box = top.parentNode) top = box;
  return (top.parentNode?.childNodes ?? []).some((child) => {
    if (!isElement(child) || child === top || !/^(p|pre|blockquote|h[2-6])$/.test(child.tagName)) return false;
    const amount = amounts.get(child);
    return amount !== undefined && amount.text > amount.links;
  });
}

/** Whether a node is nothing but a wrapper of so much text. */
function isBoxOf(node: Element['parentNode'], text: number, amounts: ReadonlyMap<Element, Amount>): node is Element {
  return node !== null && 'tagName' in node && node.tagName !== 'body' && amounts.get(node)?.text === text;
}

/** The first heading of level 1 before the root, when the root has none: many pages have it in their header. */
function headingBefore(body: Element, root: Element, hidden: LeftOut): Element | undefined {
  if (root === body) return undefined;
  for (const element of elementsWithin(root, hidden)) if (element.tagName === 'h1') return undefined;
  const start = root.sourceCodeLocation?.startOffset ?? 0;
  for (const element of elementsWithin(body, hidden)) {
    if (element === root) return undefined;
    const end = element.sourceCodeLocation?.endOffset ?? Number.POSITIVE_INFINITY;
    if (element.tagName === 'h1' && end <= start && !isInside(element.parentNode, 'nav')) return element;
  }
  return undefined;
}

function isInside(node: Element['parentNode'], name: string): boolean {
  for (let above = node; above && 'tagName' in above; above = above.parentNode as Element | null)
    if (above.tagName === name) return true;
  return false;
}

function isWithin(element: Element, root: Element): boolean {
  for (let above: Element['parentNode'] = element; above && 'tagName' in above; above = above.parentNode as Element | null)
    if (above === root) return true;
  return false;
}
