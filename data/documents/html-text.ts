import {
  type DefaultTreeAdapterMap,
  type DefaultTreeAdapterTypes,
  defaultTreeAdapter,
  html,
  Parser,
  Token,
  TokenizerMode,
} from 'parse5';
import { CemError } from '../../base/index.ts';

type Document = DefaultTreeAdapterTypes.Document;
type Element = DefaultTreeAdapterTypes.Element;
type Node = DefaultTreeAdapterTypes.Node;

/** What a reader sees of an HTML page. */
export interface HtmlText {
  /** Text of the `title` element; empty without one. */
  readonly title: string;
  readonly text: string;
  /** The `lang` attribute of the `html` element, else of `body`, as written (BCP 47, such as `de-AT`). */
  readonly language?: string;
}

/** Elements whose content is not shown: it is no text, or it is for browsers that cannot show the element itself. */
const HIDDEN = new Set(
  'head script style template noscript noframes noembed svg iframe object audio video canvas datalist'.split(' '),
);

/** Elements that begin and end on a line of their own. */
const BLOCKS = new Set(
  (
    'address article aside body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form header hgroup hr legend li main menu nav ' +
    'ol optgroup option search section select summary table tbody tfoot thead tr ul'
  ).split(' '),
);

/** Elements with a blank line before and behind. */
const PARAGRAPHS = new Set('blockquote h1 h2 h3 h4 h5 h6 listing p plaintext pre xmp'.split(' '));

/** Elements in which white space stays as it is. */
const PREFORMATTED = new Set('listing plaintext pre textarea xmp'.split(' '));

const CELLS = new Set(['td', 'th']);

/**
 * The visible text of a page, parsed as the HTML standard says (repair of the tree, all character references). Comments, scripts and styles go; blocks begin on
 * new lines, paragraphs and headings stand apart by a blank line, the cells of a row by tabs; white space is one space (in `pre` it stays).
 *
 * @param place what an error calls the page
 * @throws CemError `DATA_HTML` for a page whose repair would make more elements than it has characters
 */
export function htmlText(page: string, place = 'the page'): HtmlText {
  const document = parsePage(page, place);
  const writer = new TextWriter();
  let title: string | undefined;
  let language = '';
  // No recursion, since pages nest as deep as they like. A function stands for the end of an element.
  const waiting: (Node | (() => void))[] = [document];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next === 'function') next();
    else if (next.nodeName === '#text' && 'value' in next) writer.add(next.value);
    else if ('childNodes' in next) {
      const element = 'tagName' in next && next.namespaceURI === html.NS.HTML ? next : undefined;
      const name = element?.tagName ?? next.nodeName;
      if (element !== undefined && title === undefined) title = titleOf(element);
      if (element !== undefined && language === '' && (name === 'html' || name === 'body')) language = attribute(element, 'lang');
      if (HIDDEN.has(name) || name === 'title') continue;
      if (element !== undefined) {
        writer.enter(name);
        waiting.push(() => writer.leave(name));
      }
      for (let index = next.childNodes.length - 1; index >= 0; index--) waiting.push(next.childNodes[index]!);
    }
  }
  return { title: title ?? '', text: writer.text(), ...(language !== '' && { language }) };
}

/**
 * The tree of a page, as the HTML standard says. Unclosed formatting elements are made anew in every paragraph that follows, so that a small hostile page could fill the memory: their number is bounded.
 *
 * In a page that was written as XML, `/>` closes an element.
 *
 * @param place what an error calls the page
 * @param places whether nodes say where they stand in the page
 * @throws CemError `DATA_HTML` for a page whose repair would make more elements than it has characters
 */
export function parsePage(page: string, place: string, { places = false }: { readonly places?: boolean } = {}): Document {
  let elements = 0;
  const treeAdapter: typeof defaultTreeAdapter = {
    ...defaultTreeAdapter,
    createElement(...values) {
      elements += 1;
      if (elements > page.length + 100) {
        throw new CemError(
          'DATA_HTML',
          `${place} has so many unclosed elements that they would become more than ${page.length} ones: mend its HTML`,
        );
      }
      return defaultTreeAdapter.createElement(...values);
    },
  };
  const kind = isXhtml(page) ? XhtmlParser : Parser;
  return kind.parse(page, { treeAdapter, sourceCodeLocationInfo: places });
}

/** Whether a page was written as XML, by its first characters. */
function isXhtml(page: string): boolean {
  return /^\ufeff?\s*<\?xml\b|^[^<]*(?:<!doctype\b[^>]*\bxhtml\b|(?:<!doctype\b[^>]*>\s*)?<html\b[^>]*\bxmlns\s*=)/i.test(
    page.slice(0, 2048),
  );
}

/** XML closes an element by `/>`, which the HTML standard reads past: `<a id="x"/>` and `<title/>` would hold all that follows. */
class XhtmlParser extends Parser<DefaultTreeAdapterMap> {
  override onStartTag(token: Token.TagToken): void {
    super.onStartTag(token);
    if (!token.selfClosing || token.ackSelfClosing) return;
    token.ackSelfClosing = true;
    this.tokenizer.state = TokenizerMode.DATA;
    this.onEndTag({ ...token, type: Token.TokenType.END_TAG, selfClosing: false, attrs: [] });
  }
}

/** What a page says of its encoding, in `meta charset`, `http-equiv` or an XML declaration; the standard looks at as many bytes. */
export function declaredEncoding(page: Uint8Array): string | undefined {
  const start = Buffer.from(page.subarray(0, 1024)).toString('latin1');
  return /<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*["']?\s*([\w:.-]+)/i.exec(start)?.[1];
}

/** The page's title when this element is or holds it. */
function titleOf(element: Element): string | undefined {
  const found = element.tagName === 'head' ? element.childNodes.find((child) => child.nodeName === 'title') : element;
  if (found === undefined || found.nodeName !== 'title' || !('childNodes' in found)) return undefined;
  const text = found.childNodes.map((child) => ('value' in child ? child.value : '')).join('');
  return text.replace(/\s+/g, ' ').trim();
}

function attribute(element: Element, name: string): string {
  return element.attrs.find((candidate) => candidate.name === name)?.value.trim() ?? '';
}

/** Puts pieces of text together with the breaks that elements ask for; of breaks that meet, the larger one counts. */
class TextWriter {
  readonly #pieces: string[] = [];
  /** Elements around that keep white space. */
  #preformatted = 0;
  /** Line breaks before the next text. */
  #breaks = 0;
  /** What parts the next text from the last one on the same line. */
  #gap: '' | ' ' | '\t' = '';

  enter(name: string): void {
    if (PREFORMATTED.has(name)) this.#preformatted += 1;
    this.#border(name);
  }

  leave(name: string): void {
    if (PREFORMATTED.has(name)) this.#preformatted -= 1;
    if (name === 'br') this.#write('\n');
    if (CELLS.has(name)) this.#gap = '\t';
    this.#border(name);
  }

  add(text: string): void {
    if (this.#preformatted > 0) {
      this.#write(text);
      return;
    }
    const words = text.replace(/[ \t\r\n\f]+/g, ' ');
    const first = words.startsWith(' ') ? 1 : 0;
    const last = words.endsWith(' ') ? words.length - 1 : words.length;
    if (first === 1) this.#gap ||= ' ';
    if (first >= last) return;
    this.#write(words.slice(first, last));
    if (last < words.length) this.#gap = ' ';
  }

  text(): string {
    const lines = this.#pieces.join('').split('\n');
    return lines
      .map((line) => line.trimEnd())
      .join('\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim();
  }

  #border(name: string): void {
    this.#breaks = Math.max(this.#breaks, PARAGRAPHS.has(name) ? 2 : BLOCKS.has(name) ? 1 : 0);
  }

  #write(text: string): void {
    if (this.#breaks > 0) this.#pieces.push('\n'.repeat(this.#breaks));
    else if (this.#pieces.at(-1)?.endsWith('\n') === false && text !== '\n') this.#pieces.push(this.#gap);
    this.#pieces.push(text);
    this.#breaks = 0;
    this.#gap = '';
  }
}
