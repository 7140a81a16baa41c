import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError, exists, messageOf } from '../../base/index.ts';
import { rowMetadata } from '../metadata/row-metadata.ts';
import type { Document } from './document.ts';
import { keyTwice } from './json-keys.ts';
import { type Line, readLines } from './lines.ts';
import type { ReadingOptions } from './reading-options.ts';
import { isTextFile, readTextFile, readTextFolder, TEXT_ENDINGS } from './text-files.ts';

/** Names under which a BEIR folder keeps its documents. */
const BEIR_CORPUS_NAMES = ['corpus.jsonl', 'corpus.jsonl.gz', 'corpus.jsonl.zst'];

/**
 * Documents of a corpus, in its order: a BEIR folder (one with `corpus.jsonl`), a folder of `.md .txt .rst .html` files (with its sub-folders), one such file,
 * or a JSONL file of `{_id, title?, text, metadata?, …}` (also `.gz`, `.zst`). What a line has besides goes into the document's metadata, as `rowMetadata` says. May be
 * called again for another pass.
 *
 * @throws CemError `FILE_OPEN`, `DATA_UTF8`, `DATA_BINARY`, `DATA_HTML`, `DATA_JSON`, `DATA_FIELD`, `DATA_NO_DOCUMENTS`, `DATA_TOO_LONG`, `DATA_LINE_TOO_LONG`, `DATA_DECOMPRESS`,
 *   `DATA_WINDOW`
 */
export async function* readCorpus(path: string, options: ReadingOptions = {}): AsyncGenerator<Document> {
  if (!(await isFolder(path))) {
    if (isTextFile(path)) yield await readTextFile(path);
    else yield* readJsonl(path, options);
    return;
  }
  const corpus = await beirCorpusOf(path);
  if (corpus !== undefined) {
    yield* readJsonl(corpus, options);
    return;
  }
  let any = false;
  const notes: string[] = [];
  for await (const document of readTextFolder(path, { note: (line) => notes.push(line) })) {
    any = true;
    yield document;
  }
  for (const line of notes) options.note?.(line);
  if (!any) {
    const found = notes.length > 0 ? ` (${notes.join('; ')})` : '';
    throw new CemError(
      'DATA_NO_DOCUMENTS',
      `${path} holds no documents: a folder has a corpus.jsonl, or files ending in ${TEXT_ENDINGS.join(' ')}${found}`,
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
export async function* readJsonl(path: string, options: ReadingOptions = {}): AsyncGenerator<Document> {
  for await (const line of readLines(path, options)) {
    if (line.text.trim() === '') continue;
    const row = parseObject(line, path);
    const metadata = rowMetadata(row, (field, wrong) => {
      const details = { path, line: line.number, field };
      return new CemError('DATA_FIELD', `${path}:${line.number} has metadata of which "${field}" ${wrong}`, { details });
    });
    yield {
      id: requiredString(row, '_id', line, path),
      title: row['title'] === undefined || row['title'] === null ? '' : requiredString(row, 'title', line, path),
      text: requiredString(row, 'text', line, path),
      ...(metadata !== undefined && { metadata }),
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
    const nul = line.text.includes('\0') ? ' (it has NUL bytes: the file is damaged, or not UTF-8)' : '';
    throw new CemError(
      'DATA_JSON',
      `${path}:${line.number} is not JSON${nul}: every line is one object {"_id": …, "title": …, "text": …}`,
      {
        details: { path, line: line.number },
        cause,
      },
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const twice = keyTwice(line.text, value);
    if (twice === undefined) return value as Record<string, unknown>;
    throw new CemError('DATA_JSON', `${path}:${line.number} has the key ${JSON.stringify(twice)} twice: keep one of them`, {
      details: { path, line: line.number, key: twice },
    });
  }
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
  const quoted = typeof value === 'number' ? `: write "${field}": "${value}"` : '';
  throw new CemError('DATA_FIELD', `${path}:${line.number} ${got} "${field}", where a string is needed${quoted}`, {
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
