import mammothPackage from 'mammoth';
import { parsePage } from '../../../data/index.ts';
import type { Block } from '../block.ts';
import { BlockWriter } from '../block-writer.ts';
import { onlyOutermostHeading } from '../document-title.ts';
import { attribute, bodyOf, type Element, elementsWithin, isHidden, textWithin, writeHtmlBlocks } from '../html/index.ts';
import type { ParsedDocument, SourceFile } from '../parser.ts';
import { BlockPictures } from '../picture/index.ts';
import { joinLines } from '../prose.ts';
import { looksLikeHeader } from '../table-header.ts';
import { tableText } from '../table-text.ts';
import { assertXml } from '../xml.ts';
import { OfficePackage } from './office-package.ts';

/** Styles beyond those that mammoth knows. Word writes its own headings in English whatever its language; other programs write names in Chinese. */
const STYLES = [
  "p[style-name='Title'] => p.document-title:fresh",
  "p[style-name='标题'] => p.document-title:fresh",
  ...[1, 2, 3, 4, 5, 6].map((level) => `p[style-name='标题 ${level}'] => h${level}:fresh`),
  ...['caption', '题注', 'Figure', 'Table Caption', 'Illustration', 'Table', 'Figure Caption'].map(
    (name) => `p[style-name='${name}'] => p.caption:fresh`,
  ),
  ...['Quote', 'Intense Quote', '引用', '明显引用'].map((name) => `p[style-name='${name}'] => blockquote > p:fresh`),
  ...['HTML Preformatted', 'Code', 'Source Code', 'Plain Text Code', 'Preformatted Text'].map(
    (name) => `p[style-name='${name}'] => pre:separator('\\n')`,
  ),
];

/** Begins the address of a picture in the page that mammoth makes. */
const PICTURE = 'picture:';

/** The part of mammoth that is used. It reads an archive that is open already through `file`, which its types do not say. */
interface Mammoth {
  convertToHtml(
    input: { readonly file: MammothFile },
    options: { readonly styleMap: readonly string[]; readonly includeEmbeddedStyleMap: false; readonly convertImage: unknown },
  ): Promise<{ readonly value: string; readonly messages: readonly { readonly type: string; readonly message: string }[] }>;
  readonly images: { imgElement(read: (image: MammothImage) => Promise<{ src: string }>): unknown };
}

interface MammothImage {
  readAsBuffer(): Promise<Uint8Array>;
}

interface MammothFile {
  exists(name: string): boolean;
  read(name: string, encoding?: string): Promise<string | Uint8Array>;
}

/**
 * A Word document as its paragraphs' styles, lists, tables and notes say. Numbers that Word counts itself are not in the file.
 *
 * @throws CemError as `OfficePackage.open`; Error of mammoth for a malformed document
 */
export async function readDocx(file: SourceFile): Promise<readonly ParsedDocument[]> {
  const parts = await OfficePackage.open(file, 'docx');
  const mammoth = mammothPackage as unknown as Mammoth;
  const archive: MammothFile = {
    exists: (name) => parts.archive.has(name),
    async read(name, encoding) {
      const bytes = await parts.archive.read(name);
      // Mammoth's reader repairs what is not well-formed, and takes time in the square of its size for it.
      if (/\.(?:xml|rels)$/i.test(name)) assertXml(bytes, file.path);
      if (encoding === undefined) return bytes;
      return encoding === 'base64' ? bytes.toString('base64') : new TextDecoder(encoding).decode(bytes);
    },
  };
  const images: MammothImage[] = [];
  const { value, messages } = await mammoth.convertToHtml(
    { file: archive },
    {
      styleMap: STYLES,
      includeEmbeddedStyleMap: false,
      // Pictures are read later, by their numbers.
      convertImage: mammoth.images.imgElement((image) => Promise.resolve({ src: `${PICTURE}${images.push(image) - 1}` })),
    },
  );
  const { blocks: read, title: styled } = blocksOf(value, file.path);
  const blocks = await new BlockPictures().read(read, async (reference) => {
    const image = images[Number(reference.slice(PICTURE.length))];
    // One that lies outside of the file, or is missing in it, cannot be read.
    return reference.startsWith(PICTURE) ? image?.readAsBuffer().catch(() => undefined) : undefined;
  });
  const { title, language } = await parts.information();
  const named = title ?? styled ?? onlyOutermostHeading(blocks);
  const warnings = [...new Set(messages.filter(({ type }) => type === 'error').map(({ message }) => joinLines(message)))].slice(
    0,
    20,
  );
  return [
    {
      ...(named !== undefined && { title: named }),
      ...(language !== undefined && { language }),
      blocks,
      ...(warnings.length > 0 && { warnings }),
    },
  ];
}

function blocksOf(page: string, path: string): { blocks: readonly Block[]; title?: string } {
  const body = bodyOf(parsePage(page, path));
  if (body === undefined) return { blocks: [] };
  const elements = [...elementsWithin(body)];
  const titles = elements.filter((element) => element.tagName === 'p' && attribute(element, 'class') === 'document-title');
  const title = titles.length === 1 ? joinLines(textWithin(titles[0] as Element)) : '';
  for (const element of elements) {
    // The one title stands above all headings.
    const level = /^h([1-5])$/.exec(element.tagName)?.[1];
    if (level !== undefined && title !== '') element.tagName = `h${Number(level) + 1}`;
  }
  for (const element of titles) element.tagName = 'h1';
  const writer = new BlockWriter();
  writeHtmlBlocks(body, (element) => isHidden(element) || isWayBack(element), { writer, offset: undefined });
  return { blocks: writer.blocks.map(withHeader), ...(title !== '' && { title }) };
}

/** The arrow behind a note that leads back to where it is referred to. */
function isWayBack(element: Element): boolean {
  return element.tagName === 'a' && /^#(?:foot|end)note-ref-/.test(attribute(element, 'href') ?? '');
}

/** Few tables say which of their rows are the header. */
function withHeader(block: Block): Block {
  if (block.table === undefined || block.table.headerRows > 0 || !looksLikeHeader(block.table.rows)) return block;
  return { ...block, text: tableText(block.table.rows, 1), table: { rows: block.table.rows, headerRows: 1 } };
}
