import { CemError } from '../../../base/index.ts';
import { declaredEncoding, detectText, isLanguageTag, parsePage } from '../../../data/index.ts';
import { attribute, type Element, elementsWithin, isElement, textWithin } from '../html/index.ts';
import { joinLines } from '../prose.ts';
import type { ZipArchive } from '../zip/index.ts';

/** What a book says of itself, and its chapters. */
export interface PackageDocument {
  readonly title?: string;
  readonly language?: string;
  readonly authors: readonly string[];
  /** Names of entries in the archive, in reading order. */
  readonly chapters: readonly string[];
}

/**
 * Reads the package document (EPUB 3.3, 5), which `META-INF/container.xml` names. The table of contents and what is said to lie outside of the reading order are no chapters.
 *
 * @throws CemError `PARSE_EPUB` without a package document; what `ZipArchive.read` and `detectText` throw
 */
export async function readPackageDocument(archive: ZipArchive, path: string): Promise<PackageDocument> {
  const container = await archive.readIfThere('META-INF/container.xml');
  const rootfile = container === undefined ? undefined : find(elementsOf(container, path), 'rootfile');
  const name = rootfile === undefined ? archive.names.find((entry) => entry.endsWith('.opf')) : attribute(rootfile, 'full-path');
  const bytes = name === undefined ? undefined : await archive.readIfThere(name);
  if (name === undefined || bytes === undefined) {
    throw new CemError('PARSE_EPUB', `${path} has no package document: it is damaged, or no book; take it out`, {
      details: { path },
    });
  }
  const elements = elementsOf(bytes, path);
  const folder = name.slice(0, name.lastIndexOf('/') + 1);
  const items = new Map<string, { readonly entry: string; readonly kind: string }>();
  for (const item of elements.filter((element) => localName(element) === 'item')) {
    const isContents = /(?:^|\s)nav(?:\s|$)/.test(attribute(item, 'properties') ?? '');
    const [id, href] = [attribute(item, 'id'), attribute(item, 'href')];
    if (id !== undefined && href !== undefined && !isContents)
      items.set(id, { entry: resolveName(folder, href), kind: attribute(item, 'media-type') ?? '' });
  }
  const chapters = elements
    .filter((element) => localName(element) === 'itemref' && attribute(element, 'linear') !== 'no')
    .flatMap((reference) => {
      const item = items.get(attribute(reference, 'idref') ?? '');
      return item !== undefined && /x?html|^$/.test(item.kind) ? [item.entry] : [];
    });
  const said = (what: string): string[] =>
    elements.filter((element) => localName(element) === what).flatMap((element) => joinLines(textWithin(element)) || []);
  const [title] = said('title');
  const language = said('language').find(isLanguageTag);
  return {
    ...(title !== undefined && { title }),
    ...(language !== undefined && { language }),
    authors: said('creator'),
    chapters: [...new Set(chapters)],
  };
}

/** An entry's name from a link in a file of this folder: percent signs and `..` resolved, without the place in the file. */
export function resolveName(folder: string, href: string): string {
  const [link = ''] = href.split('#');
  let name = link;
  try {
    name = decodeURIComponent(link);
  } catch {
    // A percent sign that stands for itself.
  }
  const parts: string[] = [];
  for (const part of `${folder}${name}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}

/** Small files of XML are read as pages are: their names are unknown there, and nest as they stand. */
function elementsOf(xml: Uint8Array, path: string): readonly Element[] {
  const page = parsePage(detectText(xml, path, declaredEncoding(xml)).text, path);
  const root = page.childNodes.find(isElement);
  return root === undefined ? [] : [...elementsWithin(root, () => false)];
}

function find(elements: readonly Element[], name: string): Element | undefined {
  return elements.find((element) => localName(element) === name);
}

/** Without the prefix of its name space. */
function localName(element: Element): string {
  return element.tagName.slice(element.tagName.indexOf(':') + 1);
}
