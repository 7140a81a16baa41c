import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError, messageOf } from '../../base/index.ts';
import type { Document } from './document.ts';
import { type Line, readLines } from './lines.ts';
import { isTextFile, readTextFile, readTextFolder, TEXT_ENDINGS } from './text-files.ts';

/** Names under which a BEIR folder keeps its documents. */
const BEIR_CORPUS_NAMES = ['corpus.jsonl', 'corpus.jsonl.gz', 'corpus.jsonl.zst'];

/**
 * Documents of a corpus, in its order: a BEIR folder (one with `corpus.jsonl`), a folder of `.md .txt .rst .html` files (with its sub-folders), one such file,
 * or a JSONL file of `{_id, title?, text}` (also `.gz`, `.zst`). May be called again for another pass.
 *
 * @throws CemError `FILE_OPEN`, `DATA_UTF8`, `DATA_JSON`, `DATA_FIELD`, `DATA_NO_DOCUMENTS`, `DATA_LINE_TOO_LONG`, `DATA_DECOMPRESS`
 */
export async function* readCorpus(path: string): AsyncGenerator<Document> {
  if (!(await isFolder(path))) {
    if (isTextFile(path)) yield await readTextFile(path);
    else yield* readJsonl(path);
    return;
  }
  const corpus = await beirCorpusOf(path);
  if (corpus !== undefined) {
    yield* readJsonl(corpus);
    return;
  }
  let any = false;
  for await (const document of readTextFolder(path)) {
    any = true;
    yield document;
  }
  if (!any) {
    throw new CemError(
      'DATA_NO_DOCUMENTS',
      `${path} holds no documents: a folder has a corpus.jsonl, or files ending in ${TEXT_ENDINGS.join(' ')}`,
      {
        details: { path },
      },
    );
  }
}

/** The file with the documents of a BEIR folder; undefined when it has none. */
export async function beirCorpusOf(folder: string): Promise<string | undefined> {
  for (const name of BEIR_CORPUS_NAMES) {
    const path = join(folder, name);
    if (await exists(path)) return path;
  }
  return undefined;
}

/** Documents of a JSONL file; blank lines are passed over. Throws as `readCorpus`. */
export async function* readJsonl(path: string): AsyncGenerator<Document> {
  for await (const line of readLines(path)) {
    if (line.text.trim() === '') continue;
    const row = parseObject(line, path);
    yield {
      id: requiredString(row, '_id', line, path),
      title: row['title'] === undefined || row['title'] === null ? '' : requiredString(row, 'title', line, path),
      text: requiredString(row, 'text', line, path),
      origin: `${path}:${line.number}`,
    };
  }
}

/** @throws CemError `DATA_JSON` */
export function parseObject(line: Line, path: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line.text);
  } catch (cause) {
    throw new CemError(
      'DATA_JSON',
      `${path}:${line.number} is not JSON: every line is one object {"_id": …, "title": …, "text": …}`,
      {
        details: { path, line: line.number },
        cause,
      },
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new CemError(
    'DATA_JSON',
    `${path}:${line.number} is JSON, but no object: every line is one object {"_id": …, "title": …, "text": …}`,
    {
      details: { path, line: line.number },
    },
  );
}

/** @throws CemError `DATA_FIELD` */
export function requiredString(row: Readonly<Record<string, unknown>>, field: string, line: Line, path: string): string {
  const value = row[field];
  if (typeof value === 'string' && (value !== '' || field !== '_id')) return value;
  const got =
    value === undefined
      ? 'has no'
      : `has ${value === '' ? 'an empty' : `a ${value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value} as`}`;
  throw new CemError('DATA_FIELD', `${path}:${line.number} ${got} "${field}", where a string is needed`, {
    details: { path, line: line.number, field },
  });
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw new CemError('FILE_OPEN', `cannot read ${path}: ${messageOf(cause)}`, {
      details: { path },
      cause,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
