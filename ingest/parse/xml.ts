import { SaxesParser } from 'saxes';
import { CemError } from '../../base/index.ts';
import { declaredEncoding, detectText } from '../../data/index.ts';

/**
 * An element of a small file of XML. Its name is without prefix: office files have few name spaces, and no name that is read here stands in two. Attributes have their prefixes,
 * since `id` and `r:id` stand together.
 */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Of the element itself, not of those inside it. */
  readonly text: string;
}

/** What is called while a file of XML is read. Names of elements are without prefix, those of attributes with it. */
export interface XmlEvents {
  open(name: string, attributes: Readonly<Record<string, string>>): void;
  text(text: string): void;
  close(name: string): void;
}

/** Deeper nesting is no document's. */
const DEEPEST = 500;
/** Elements of a tree, against files that fill the memory. */
const MOST_ELEMENTS = 2_000_000;
/** UTF-16 units that are parsed at once. */
const PIECE = 1 << 20;

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/**
 * Reads XML as events. Entities that a file defines are not expanded: a reference to one is an error, as all that is not well-formed.
 *
 * @throws Error of saxes; CemError `PARSE_LIMIT` for XML that nests too deep; what `detectText` throws
 */
export function readXml(bytes: Uint8Array, path: string, events: XmlEvents): void {
  const { text } = detectText(bytes, path, declaredEncoding(bytes) ?? 'utf-8');
  const parser = new SaxesParser({ position: false });
  let depth = 0;
  parser.on('opentag', ({ name, attributes }) => {
    depth += 1;
    if (depth > DEEPEST) throw tooLarge(path, `nests deeper than ${DEEPEST} elements`);
    events.open(local(name), attributes as Record<string, string>);
  });
  parser.on('text', (piece) => events.text(piece));
  parser.on('cdata', (piece) => events.text(piece));
  parser.on('closetag', ({ name }) => {
    depth -= 1;
    events.close(local(name));
  });
  for (let start = 0; start < text.length; start += PIECE) parser.write(text.slice(start, start + PIECE));
  parser.close();
}

/** Throws as `readXml` for what is not well-formed. */
export function assertXml(bytes: Uint8Array, path: string): void {
  const nothing = (): void => undefined;
  readXml(bytes, path, { open: nothing, text: nothing, close: nothing });
}

/** Reads XML as a tree. Throws as `readXml`. */
export function readXmlTree(bytes: Uint8Array, path: string): XmlElement {
  interface Open {
    name: string;
    attributes: Readonly<Record<string, string>>;
    children: Open[];
    text: string;
  }
  const root: Open = { name: '', attributes: {}, children: [], text: '' };
  const open: Open[] = [root];
  let count = 0;
  readXml(bytes, path, {
    open(name, attributes) {
      count += 1;
      if (count > MOST_ELEMENTS) throw tooLarge(path, `has more than ${MOST_ELEMENTS} elements in one part`);
      const element = { name, attributes, children: [], text: '' };
      open.at(-1)?.children.push(element);
      open.push(element);
    },
    text(text) {
      const last = open.at(-1);
      if (last !== undefined) last.text += text;
    },
    close() {
      open.pop();
    },
  });
  return root.children[0] ?? root;
}

export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

/** The element that names lead to, each a child of the one before. */
export function descend(element: XmlElement | undefined, ...names: readonly string[]): XmlElement | undefined {
  return names.reduce((at, name) => childOf(at, name), element);
}

/** All elements of a name inside another, in order; depth is bounded by the reader. */
export function allWithin(element: XmlElement, name: string): XmlElement[] {
  return element.children.flatMap((child) => (child.name === name ? [child] : allWithin(child, name)));
}

/** The id by which a part refers to another one: the attribute `id` of the name space of relationships, whatever its prefix. */
export function relationshipId({ attributes }: XmlElement): string {
  return Object.entries(attributes).find(([name]) => name.endsWith(':id'))?.[1] ?? '';
}

export function tooLarge(path: string, what: string): CemError {
  return new CemError('PARSE_LIMIT', `${path} ${what}, which no document needs: take it out`, { details: { path } });
}
