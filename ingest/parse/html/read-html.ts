import { declaredEncoding, detectText, isLanguageTag, parsePage } from '../../../data/index.ts';
import type { Block } from '../block.ts';
import { BlockWriter } from '../block-writer.ts';
import { onlyOutermostHeading } from '../document-title.ts';
import type { ParsedDocument, SourceFile } from '../parser.ts';
import { BlockPictures, pageSource } from '../picture/index.ts';
import { joinLines } from '../prose.ts';
import { attribute, type Element, elementsWithin, isElement, isHidden, isNoText, type Page, textWithin } from './elements.ts';
import { writeHtmlBlocks } from './html-blocks.ts';
import { bodyOf, findMainContent } from './main-content.ts';

export interface PageOptions {
  /** What errors call it. */
  readonly path: string;
  /** Whether what surrounds the main content is left out; in mails and books all is content. */
  readonly mainContent: boolean;
  /** Whether blocks have spans: not where the page is a part of a file of another format. */
  readonly spans: boolean;
}

/** Names of `meta` elements that are kept as fields, and under which names. */
const META_FIELDS: Readonly<Record<string, string>> = {
  author: 'author',
  description: 'description',
  'article:published_time': 'published',
};

/** A page that hides most of its text has a script that shows it: it is read, and said, since what is hidden may also be there for machines alone. */
const SHOWN_LATER = 'most of its text is hidden until a script shows it, and was read';

export async function readHtml({ bytes, path }: SourceFile): Promise<readonly ParsedDocument[]> {
  const { text, warning } = detectText(bytes, path, declaredEncoding(bytes));
  const document = pageDocument(text, { path, mainContent: true, spans: true });
  const warnings = [...(warning === undefined ? [] : [warning]), ...(document.warnings ?? [])];
  const blocks = await new BlockPictures().read(document.blocks, pageSource);
  return [{ ...document, blocks, ...(warnings.length > 0 && { warnings }) }];
}

/** A page as a document. */
export function pageDocument(page: string, { path, mainContent, spans }: PageOptions): ParsedDocument {
  const tree = parsePage(page, path, { places: true });
  const body = bodyOf(tree);
  if (body === undefined) return { blocks: [] };
  const shown = textWithin(body).length;
  const showsLater = textWithin(body, isNoText).length > 2 * shown;
  const hidden = showsLater ? isNoText : isHidden;
  const isInBook = (element: Element): boolean => hidden(element) || element.tagName === 'nav';
  const write = (roots: readonly Element[], leftOut: (element: Element) => boolean): readonly Block[] => {
    const writer = new BlockWriter(spans ? page : undefined);
    for (const root of roots) writeHtmlBlocks(root, leftOut, { writer, offset: spans ? 0 : undefined });
    return writer.blocks;
  };
  const everything = () => write([body], mainContent ? hidden : isInBook);
  const main = mainContent ? findMainContent(tree, hidden) : undefined;
  let blocks = main === undefined ? everything() : write([...(main.heading ? [main.heading] : []), main.root], main.leftOut);
  // A page of nothing but lists of links is there for them.
  if (!blocks.some(({ kind }) => kind !== 'heading')) blocks = everything();
  const head = headOf(tree);
  const title = head.title ?? onlyOutermostHeading(blocks);
  return {
    ...(title !== undefined && { title }),
    ...(head.language !== undefined && { language: head.language }),
    ...(Object.keys(head.fields).length > 0 && { fields: head.fields }),
    ...(showsLater && { warnings: [SHOWN_LATER] }),
    blocks,
  };
}

function headOf(page: Page): { title?: string; language?: string; fields: Record<string, string> } {
  const root = page.childNodes.find((child): child is Element => isElement(child) && child.tagName === 'html');
  if (root === undefined) return { fields: {} };
  const fields: Record<string, string> = {};
  let title: string | undefined;
  const head = root.childNodes.find((child): child is Element => isElement(child) && child.tagName === 'head');
  for (const element of head === undefined ? [] : elementsWithin(head, () => false)) {
    if (element.tagName === 'title') title ??= joinLines(textWithin(element)) || undefined;
    const key = META_FIELDS[(attribute(element, 'name') ?? attribute(element, 'property') ?? '').toLowerCase()];
    const content = joinLines(attribute(element, 'content') ?? '').replace(/\p{Surrogate}/gu, '\ufffd');
    if (element.tagName === 'meta' && key !== undefined && content !== '') fields[key] ??= content;
  }
  const language = attribute(root, 'lang') ?? attribute(root, 'xml:lang') ?? attribute(bodyOf(page) ?? root, 'lang') ?? '';
  return { ...(title !== undefined && { title }), ...(isLanguageTag(language) && { language }), fields };
}
