import { type DefaultTreeAdapterTypes, html } from 'parse5';

export type Element = DefaultTreeAdapterTypes.Element;
export type Node = DefaultTreeAdapterTypes.ChildNode;
export type Page = DefaultTreeAdapterTypes.Document;

/** Elements whose content is not shown as text, or is for browsers that cannot show the element itself. */
const NO_TEXT = new Set(
  (
    'head script style template noscript noframes noembed svg iframe object audio video canvas datalist title meta link base ' +
    'button select option textarea input map area rp rt annotation annotation-xml'
  ).split(' '),
);

/** Elements that stand on lines of their own. */
const BLOCKS = new Set(
  (
    'address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li ' +
    'listing main menu nav ol optgroup p plaintext pre search section summary table tbody td tfoot th thead tr ul xmp'
  ).split(' '),
);

export function isElement(node: Node | Page): node is Element {
  return 'tagName' in node;
}

export function isBlock(element: Element): boolean {
  return element.namespaceURI === html.NS.HTML && BLOCKS.has(element.tagName);
}

export function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((candidate) => candidate.name === name)?.value;
}

/** Words of an element's class and id, in lower case, parted at hyphens and underscores too. */
export function classWords(element: Element): readonly string[] {
  const names = `${attribute(element, 'class') ?? ''} ${attribute(element, 'id') ?? ''}`;
  return names
    .slice(0, 500)
    .toLowerCase()
    .split(/[\s_-]+/)
    .filter((word) => word !== '');
}

/** Whether the element shows no text by its kind. */
export function isNoText(element: Element): boolean {
  return NO_TEXT.has(element.tagName);
}

/** Whether nobody sees the element: it shows no text by its kind, or it says that it is hidden. */
export function isHidden(element: Element): boolean {
  if (isNoText(element)) return true;
  if (attribute(element, 'hidden') !== undefined || attribute(element, 'aria-hidden') === 'true') return true;
  return /(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)/i.test(attribute(element, 'style') ?? '');
}

/** An element and all visible elements inside it, in the order of the page, without those that are left out. No recursion, since pages nest as deep as they like. */
export function* elementsWithin(root: Element, leftOut: (element: Element) => boolean = isHidden): Generator<Element> {
  const waiting: Element[] = [root];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    yield next;
    for (let index = next.childNodes.length - 1; index >= 0; index--) {
      const child = next.childNodes[index]!;
      if (isElement(child) && !leftOut(child)) waiting.push(child);
    }
  }
}

/** The text inside an element as it stands, of visible elements; elements on lines of their own and `br` break lines. */
export function textWithin(root: Element, leftOut: (element: Element) => boolean = isHidden): string {
  let text = '';
  const waiting: (Node | string)[] = [root];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next === 'string') text += next;
    else if ('value' in next) text += next.value;
    else if (isElement(next)) {
      if (next !== root && leftOut(next)) continue;
      if (next.tagName === 'br') text += '\n';
      const border = next !== root && isBlock(next) ? '\n' : '';
      text += border;
      if (border !== '') waiting.push(border);
      for (let index = next.childNodes.length - 1; index >= 0; index--) waiting.push(next.childNodes[index]!);
    }
  }
  return text;
}
