import type { BlockKind } from '../block.ts';
import type { BlockPlace, BlockWriter } from '../block-writer.ts';
import { joinLines } from '../prose.ts';
import { attribute, classWords, type Element, elementsWithin, isBlock, isElement, type Node, textWithin } from './elements.ts';
import { readTable } from './read-table.ts';

type LeftOut = (element: Element) => boolean;

/** Elements whose tags belong to the one block that they become. */
const WRAPPERS = new Set('p h1 h2 h3 h4 h5 h6 li dt dd figcaption caption blockquote'.split(' '));
const CODE = new Set('pre listing plaintext xmp'.split(' '));
const LISTS = new Set('ul ol menu dir dl'.split(' '));
/** Marks that link a heading to itself. */
const ANCHOR_MARKS = /^[\s¶#§🔗]*$/u;

/** Where the blocks of a part of a page go. */
export interface HtmlBlocksTarget {
  readonly writer: BlockWriter;
  /** UTF-16 units of the writer's source before the page; undefined when the page is no part of it, and blocks have no spans. */
  readonly offset: number | undefined;
  /** Where an address of the page leads; as it is, unless given. */
  readonly resolve?: (address: string) => string;
}

/** The blocks of a part of a page, in reading order. */
export function writeHtmlBlocks(root: Element, leftOut: LeftOut, target: HtmlBlocksTarget): void {
  new BlockWalk(leftOut, target).walk(root);
}

/** Goes through a tree and gathers the text between borders of blocks. */
class BlockWalk {
  readonly #leftOut: LeftOut;
  readonly #writer: BlockWriter;
  readonly #offset: number | undefined;
  readonly #resolve: (address: string) => string;
  /** Lines of the text that is gathered; `br` and paragraphs of one list item begin new ones. */
  #lines: string[] = [''];
  #pictures: { readonly alt: string; readonly start: number; readonly end: number; readonly reference: string }[] = [];
  #hasText = false;
  #start = Number.POSITIVE_INFINITY;
  #end = 0;
  #heading = 0;
  #quotes = 0;
  #captions = 0;
  /** Depths of lists around, outermost first: whether an item of it is open, whose text is gathered. */
  #lists: { item: boolean }[] = [];

  constructor(leftOut: LeftOut, { writer, offset, resolve = (address) => address }: HtmlBlocksTarget) {
    this.#leftOut = leftOut;
    this.#writer = writer;
    this.#offset = offset;
    this.#resolve = resolve;
  }

  walk(root: Element): void {
    // No recursion, since pages nest as deep as they like. A function stands for the end of an element.
    const waiting: (Node | (() => void))[] = [root];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (typeof next === 'function') next();
      else if ('value' in next) this.#text(next.value, next.sourceCodeLocation);
      else if (isElement(next)) {
        if ((next !== root && this.#leftOut(next)) || this.#isAnchorMark(next)) continue;
        const leave = this.#enter(next);
        if (leave === null) continue;
        waiting.push(leave);
        for (let index = next.childNodes.length - 1; index >= 0; index--) waiting.push(next.childNodes[index]!);
      }
    }
    this.#flush();
  }

  /** @returns what is to be done at the element's end; null when its content is done already */
  #enter(element: Element): (() => void) | null {
    const name = element.tagName;
    if (name === 'br') this.#lines.push('');
    if (name === 'img') this.#picture(element);
    if (!isBlock(element)) return () => {};
    if (CODE.has(name)) return this.#code(element);
    if (name === 'table') {
      const done = this.#table(element);
      if (done) return null;
    }
    const item = name === 'li' || name === 'dt';
    const ends = item || LISTS.has(name) || name === 'blockquote' || name === 'hr' || /^h[1-6]$/.test(name) || isCaption(element);
    this.#border(ends);
    if (LISTS.has(name)) this.#lists.push({ item: false });
    const list = this.#lists.at(-1);
    if (item && list !== undefined) list.item = true;
    if (name === 'blockquote') this.#quotes += 1;
    if (isCaption(element)) this.#captions += 1;
    const level = /^h([1-6])$/.exec(name)?.[1];
    const outer = this.#heading;
    if (level !== undefined) this.#heading = Number(level);
    const before = this.#writer.blocks.length;
    return () => {
      // What a term means belongs to its item.
      this.#border(ends && name !== 'dt');
      if (LISTS.has(name)) this.#lists.pop();
      if (name === 'li' && list !== undefined) list.item = false;
      if (name === 'blockquote') this.#quotes -= 1;
      if (isCaption(element)) this.#captions -= 1;
      this.#heading = outer;
      const place = element.sourceCodeLocation;
      if (place && WRAPPERS.has(name) && this.#writer.blocks.length === before + 1)
        this.#writer.extendLast(this.#shifted(place.startOffset, place.endOffset));
    };
  }

  /** Paragraphs inside of one item of a list, caption or heading are lines of it; elsewhere a border ends the block. */
  #border(ends: boolean): void {
    const inside = this.#lists.at(-1)?.item === true || this.#captions > 0 || this.#heading > 0;
    if (ends || !inside) this.#flush();
    else if (this.#lines.at(-1) !== '') this.#lines.push('');
  }

  #text(text: string, place: Element['sourceCodeLocation']): void {
    this.#lines[this.#lines.length - 1] += text;
    if (text.trim() === '') return;
    this.#hasText = true;
    this.#reach(place);
  }

  #reach(place: Element['sourceCodeLocation']): void {
    if (!place) return;
    this.#start = Math.min(this.#start, place.startOffset);
    this.#end = Math.max(this.#end, place.endOffset);
  }

  /** What stands for a picture is read in its place. An empty text says that it is an ornament (HTML 4.8.4.4); so does the size of a dot. */
  #picture(element: Element): void {
    const alt = attribute(element, 'alt');
    const place = element.sourceCodeLocation;
    if (alt === '' || [attribute(element, 'width'), attribute(element, 'height')].some((size) => size === '0' || size === '1'))
      return;
    if (!isIcon(element))
      this.#pictures.push({
        alt: joinLines(alt ?? ''),
        start: place?.startOffset ?? 0,
        end: place?.endOffset ?? 0,
        reference: this.#resolve((attribute(element, 'src') ?? '').trim()),
      });
    if (alt !== undefined) this.#lines[this.#lines.length - 1] += ` ${alt} `;
    this.#reach(place);
  }

  #flush(): void {
    const place = this.#place(this.#start, this.#end);
    if (this.#hasText) {
      const lines = this.#lines.map(joinLines).filter((line) => line !== '');
      if (this.#heading > 0 && this.#quotes === 0) this.#writer.heading(this.#heading, joinLines(lines.join('\n')), place);
      else {
        const kind = this.#kind();
        this.#writer.add(kind, lines.join('\n'), place, kind === 'list-item' ? { level: this.#lists.length } : {});
      }
      // What stands for these is in the text, and so are their places.
      for (const { alt, reference } of this.#pictures)
        if (reference !== '')
          this.#writer.add('figure', '', {}, { figure: { reference, inline: true, ...(alt !== '' && { alt }) } });
    } else {
      for (const { alt, start, end, reference } of this.#pictures)
        this.#writer.add('figure', alt, this.#place(start, end), reference === '' ? {} : { figure: { reference } });
    }
    this.#lines = [''];
    this.#pictures = [];
    this.#hasText = false;
    this.#start = Number.POSITIVE_INFINITY;
    this.#end = 0;
  }

  /** No place for what has none, such as an element that the repair of the page made. */
  #place(start: number, end: number): BlockPlace {
    return end > start && this.#offset !== undefined ? { units: this.#shifted(start, end) } : {};
  }

  #shifted(start: number, end: number): { start: number; end: number } {
    const offset = this.#offset ?? 0;
    return { start: offset + start, end: offset + end };
  }

  #kind(): Exclude<BlockKind, 'heading' | 'table'> {
    if (this.#quotes > 0) return 'quote';
    if (this.#captions > 0) return 'caption';
    return this.#lists.at(-1)?.item === true ? 'list-item' : 'paragraph';
  }

  #code(element: Element): null {
    this.#flush();
    const place = element.sourceCodeLocation;
    const code = textWithin(element, this.#leftOut);
    this.#writer.add('code', code, this.#place(place?.startOffset ?? 0, place?.endOffset ?? 0), {
      codeLanguage: codeLanguage(element),
    });
    return null;
  }

  /** @returns false for a table that only arranges, whose cells are read as any other box */
  #table(element: Element): boolean {
    const table = readTable(element, this.#leftOut);
    if (table === undefined) return false;
    this.#flush();
    const place = element.sourceCodeLocation;
    let start = place?.startOffset ?? 0;
    for (const caption of table.captions) {
      const inner = caption.sourceCodeLocation;
      const text = joinLines(textWithin(caption, this.#leftOut));
      this.#writer.add('caption', text, this.#place(inner?.startOffset ?? 0, inner?.endOffset ?? 0));
      start = Math.max(start, inner?.endOffset ?? 0);
    }
    this.#writer.table(table.rows, table.headerRows, this.#place(start, place?.endOffset ?? 0));
    return true;
  }

  #isAnchorMark(element: Element): boolean {
    return this.#heading > 0 && element.tagName === 'a' && ANCHOR_MARKS.test(textWithin(element));
  }
}

/** A picture of at most so many pixels each way decorates the text beside it; it is no figure by itself. */
const LARGEST_ICON = 64;

function isIcon(image: Element): boolean {
  const style = attribute(image, 'style') ?? '';
  const sizes = ['width', 'height'].map((name) =>
    Number.parseInt(attribute(image, name) ?? new RegExp(`(?:^|[;\\s])${name}\\s*:\\s*(\\d+)px`).exec(style)?.[1] ?? '', 10),
  );
  return sizes.every((size) => size <= LARGEST_ICON);
}

/** Boxes of tables and pictures in which what is called a title is their caption (DocBook). */
const TITLED = new Set(['table', 'figure', 'example']);

function isCaption(element: Element): boolean {
  if (element.tagName === 'figcaption' || element.tagName === 'caption') return true;
  const words = classWords(element);
  if (words.includes('caption')) return true;
  const parent = element.parentNode;
  return words.includes('title') && parent !== null && 'tagName' in parent && classWords(parent).some((word) => TITLED.has(word));
}

/** The language that a class of the code, or of the boxes around it, names: `language-ts` (HTML 4.5.15), `lang-ts`, `highlight-ts` of Sphinx, `highlight-source-ts` of GitHub. */
function codeLanguage(code: Element): string | undefined {
  const inner = [...elementsWithin(code)].filter(({ tagName }) => tagName === 'code');
  const around = [code.parentNode, code.parentNode && 'parentNode' in code.parentNode ? code.parentNode.parentNode : null];
  const candidates = [
    ...inner.slice(0, 1),
    code,
    ...around.filter((node): node is Element => node !== null && node !== undefined && 'tagName' in node),
  ];
  for (const element of candidates) {
    const name = /(?:^|\s)(?:lang(?:uage)?|highlight(?:-source)?)-([\w+#.-]+)/.exec(attribute(element, 'class') ?? '')?.[1];
    if (name !== undefined && !['default', 'none', 'text', 'plaintext'].includes(name)) return name;
  }
  return undefined;
}
