import { CemError } from '../../../base/index.ts';
import { declaredEncoding, detectText, parsePage } from '../../../data/index.ts';
import { BlockWriter } from '../block-writer.ts';
import { bodyOf, type Element, isHidden, writeHtmlBlocks } from '../html/index.ts';
import type { ParsedDocument, SourceFile } from '../parser.ts';
import { BlockPictures, dataBytes } from '../picture/index.ts';
import { ZipArchive } from '../zip/index.ts';
import { readPackageDocument, resolveName } from './package-document.ts';

/**
 * A book as one document, its chapters in order.
 *
 * @throws CemError `PARSE_ZIP`, `PARSE_EPUB`, `PARSE_LIMIT`, `PARSE_ENCRYPTED` for a book whose chapters are encrypted
 */
export async function readEpub({ bytes, path }: SourceFile): Promise<readonly ParsedDocument[]> {
  const archive = await ZipArchive.open(bytes, path);
  const { title, language, authors, chapters } = await readPackageDocument(archive, path);
  await refuseEncrypted(archive, chapters, path);
  const writer = new BlockWriter();
  const warnings: string[] = [];
  for (const chapter of chapters) {
    const page = await archive.readIfThere(chapter);
    if (page === undefined) {
      warnings.push(`the chapter ${JSON.stringify(chapter)} is not in the file`);
      continue;
    }
    const body = bodyOf(parsePage(detectText(page, path, declaredEncoding(page)).text, path));
    const folder = chapter.slice(0, chapter.lastIndexOf('/') + 1);
    const resolve = (address: string): string => (/^[a-z][a-z0-9+.-]*:/i.test(address) ? address : resolveName(folder, address));
    if (body !== undefined) writeHtmlBlocks(body, isNoContent, { writer, offset: undefined, resolve });
  }
  if (chapters.length === 0)
    throw new CemError('PARSE_EPUB', `${path} has no chapters: it is damaged, or no book; take it out`, { details: { path } });
  return [
    {
      ...(title !== undefined && { title }),
      ...(language !== undefined && { language }),
      ...(authors.length > 0 && { fields: { authors } }),
      ...(warnings.length > 0 && { warnings }),
      blocks: await new BlockPictures().read(writer.blocks, async (name) => dataBytes(name) ?? archive.readIfThere(name)),
    },
  ];
}

function isNoContent(element: Element): boolean {
  return isHidden(element) || element.tagName === 'nav';
}

/** Fonts may be obfuscated (EPUB OCF 3.3, 4.4); chapters that stand in `encryption.xml` are protected. */
async function refuseEncrypted(archive: ZipArchive, chapters: readonly string[], path: string): Promise<void> {
  const encryption = await archive.readIfThere('META-INF/encryption.xml');
  if (encryption === undefined) return;
  const names = [...encryption.toString('utf8').matchAll(/\bURI\s*=\s*["']([^"']*)["']/g)].map(([, uri]) =>
    resolveName('', uri!),
  );
  if (!chapters.some((chapter) => names.includes(chapter))) return;
  throw new CemError('PARSE_ENCRYPTED', `${path} has encrypted chapters: take the protection away, or take it out`, {
    details: { path },
  });
}
