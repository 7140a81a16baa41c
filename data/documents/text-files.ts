import { readdir, readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { CemError, messageOf } from '../../base/index.ts';
import type { Document } from './document.ts';
import { htmlText } from './html-text.ts';

/** Endings of files that are read as documents. */
export const TEXT_ENDINGS: readonly string[] = ['.md', '.txt', '.rst', '.html', '.htm'];

export function isTextFile(path: string): boolean {
  return TEXT_ENDINGS.includes(extname(path).toLowerCase());
}

/**
 * Every text file under a folder as one document, its id the path from the folder with `/`. In the order of the paths' UTF-16 units. Entries whose
 * name begins with a dot are passed over, and symbolic links are not followed.
 *
 * @throws CemError `FILE_OPEN`, `DATA_UTF8`
 */
export async function* readTextFolder(folder: string): AsyncGenerator<Document> {
  yield* readFolder(folder, '');
}

async function* readFolder(folder: string, prefix: string): AsyncGenerator<Document> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new CemError('FILE_OPEN', `cannot read ${folder}: ${messageOf(cause)}`, { details: { path: folder }, cause });
  });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* readFolder(path, `${prefix}${entry.name}/`);
    else if (entry.isFile() && isTextFile(entry.name)) yield await readTextFile(path, `${prefix}${entry.name}`);
  }
}

/**
 * @param id by default the file's name
 * @throws CemError `FILE_OPEN`, `DATA_UTF8`
 */
export async function readTextFile(path: string, id = basename(path)): Promise<Document> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new CemError('FILE_OPEN', `cannot read ${path}: ${messageOf(cause)}`, {
      details: { path },
      cause,
    });
  }
  let content: string;
  try {
    content = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CemError('DATA_UTF8', `${path} is not UTF-8: convert the file, or take it out of the folder`, {
      details: { path },
      cause,
    });
  }
  const ending = extname(path).toLowerCase();
  if (ending === '.html' || ending === '.htm') return { id, ...htmlText(content), origin: path };
  return { id, title: '', text: content, origin: path };
}
