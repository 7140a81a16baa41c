import { readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { CemError, messageOf } from '../../base/index.ts';
import { isLanguageTag } from '../metadata/check-metadata.ts';
import { markdownMetadata, restructuredTitle } from '../metadata/file-metadata.ts';
import type { Metadata } from '../metadata/metadata.ts';
import type { Document } from './document.ts';
import { declaredEncoding, htmlText } from './html-text.ts';
import type { ReadingOptions } from './reading-options.ts';
import { decodeText } from './text-encoding.ts';
import { describeSurvey, isUnreadable, newFolderSurvey, walkFolder } from './text-folder.ts';

/** Largest text file in bytes, as the longest line of a JSONL file: what passes it is no document. */
const LONGEST_FILE = 1 << 28;

/** Endings of files that are read as documents. */
export const TEXT_ENDINGS: readonly string[] = ['.md', '.txt', '.rst', '.html', '.htm'];

export function isTextFile(path: string): boolean {
  return TEXT_ENDINGS.includes(extname(path).toLowerCase());
}

/**
 * Every text file under a folder as one document, its id the path from the folder with `/` (bytes of a name that are no UTF-8 as `%E9`). In the order of the paths' UTF-16
 * units; the path is its source as well, titles and languages where the files name them. Entries whose name begins with a dot are passed over; symbolic links are followed, but not into a folder that they lie in.
 *
 * @throws CemError `FILE_OPEN`, `DATA_UTF8`, `DATA_BINARY`, `DATA_TOO_LONG`, `DATA_HTML`
 */
export async function* readTextFolder(folder: string, { note }: ReadingOptions = {}): AsyncGenerator<Document> {
  const survey = newFolderSurvey();
  for await (const { path, name } of walkFolder(folder, isTextFile, survey)) {
    const document = await readTextFile(path, name, join(folder, name)).catch((error: unknown) => {
      if (!(error instanceof CemError) || !isUnreadable(error.cause)) throw error;
      survey.omitted.push({ name, reason: 'not readable' });
    });
    if (document !== undefined) yield document;
  }
  for (const line of describeSurvey(folder, survey)) note?.(line);
}

/**
 * @param id by default the file's name
 * @param origin what messages call it
 * @throws CemError `FILE_OPEN`, `DATA_UTF8`, `DATA_BINARY`, `DATA_TOO_LONG`, `DATA_HTML`
 */
export async function readTextFile(path: string | Buffer, id = basename(String(path)), origin = String(path)): Promise<Document> {
  let bytes: Uint8Array;
  try {
    const { size } = await stat(path);
    if (size > LONGEST_FILE) throw tooLong(origin, size);
    bytes = await readFile(path);
  } catch (cause) {
    if (cause instanceof CemError) throw cause;
    throw new CemError('FILE_OPEN', `cannot read ${origin}: ${messageOf(cause)}`, { details: { path: origin }, cause });
  }
  if (!isHtml(id)) {
    const content = decodeText(bytes, origin);
    return { id, title: '', text: content, metadata: { source: id, ...saidByText(content, extname(id).toLowerCase()) }, origin };
  }
  const { title, text, language } = htmlText(decodeText(bytes, origin, declaredEncoding(bytes)), origin);
  const metadata = { source: id, ...(language !== undefined && isLanguageTag(language) && { language }) };
  return { id, title, text, metadata, origin };
}

function isHtml(name: string): boolean {
  return ['.html', '.htm'].includes(extname(name).toLowerCase());
}

function tooLong(path: string, size: number): CemError {
  return new CemError('DATA_TOO_LONG', `${path} has ${size} bytes, and a document has at most ${LONGEST_FILE}: split the file`, {
    details: { path, size },
  });
}

function saidByText(content: string, ending: string): Metadata {
  if (ending === '.md') return markdownMetadata(content);
  const title = ending === '.rst' ? restructuredTitle(content) : undefined;
  return title === undefined ? {} : { title };
}
