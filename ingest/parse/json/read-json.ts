import { CemError } from '../../../base/index.ts';
import { detectText, type JsonValue, jsonFault, type Metadata, rowMetadata } from '../../../data/index.ts';
import { BlockWriter } from '../block-writer.ts';
import type { ParsedDocument, SourceFile } from '../parser.ts';
import { joinLines } from '../prose.ts';
import { writePlainText } from '../text/plain-text.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** Longest part of a key path, so that a hostile key does not fill every line. */
const LONGEST_KEY = 100;

/** @throws CemError `PARSE_JSON` for what is no JSON, or a record whose metadata has a wrong type */
export function readJson({ bytes, path }: SourceFile): readonly ParsedDocument[] {
  const { text, warning } = detectText(bytes, path);
  const value = parseJson(text, path, 'PARSE_JSON');
  const records = Array.isArray(value) && value.length > 0 && value.every(isObject) ? value : undefined;
  const documents = records?.map((record, index) => documentOf(record, `${path}: record ${index}`, 'PARSE_JSON')) ?? [
    documentOf(value, path, 'PARSE_JSON'),
  ];
  return warned(documents, warning);
}

/** @throws CemError `PARSE_JSONL` for a line that is no JSON, or a record whose metadata has a wrong type */
export function readJsonl({ bytes, path }: SourceFile): readonly ParsedDocument[] {
  const { text, warning } = detectText(bytes, path);
  const documents: ParsedDocument[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    const place = `${path}:${index + 1}`;
    documents.push(documentOf(parseJson(line, place, 'PARSE_JSONL'), place, 'PARSE_JSONL'));
  });
  return warned(documents, warning);
}

function parseJson(text: string, place: string, code: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CemError(code, `${place} is no JSON: it is cut off or damaged; mend it, or take it out`, {
      details: { place },
      cause,
    });
  }
}

/** A record `{_id?, title?, text, metadata?}` as `cem pack` reads it; of anything else the texts with the keys that lead to them. */
function documentOf(value: unknown, place: string, code: string): ParsedDocument {
  if (isObject(value) && typeof value['text'] === 'string') return recordDocument(value, value['text'], place, code);
  const writer = new BlockWriter();
  writeTexts(value, writer);
  const title = isObject(value) ? titleOf(value) : undefined;
  return { ...(title !== undefined && { title }), blocks: writer.blocks };
}

function recordDocument(record: JsonObject, text: string, place: string, code: string): ParsedDocument {
  const metadata: Metadata =
    rowMetadata(record, (key, wrong) => {
      return new CemError(code, `${place} has metadata of which "${key}" ${wrong}: mend the record`, { details: { place, key } });
    }) ?? {};
  const { language, fields, source, labels } = metadata;
  const writer = new BlockWriter();
  writePlainText(text, writer, { places: false });
  const title = titleOf(record) ?? metadata.title;
  const id = record['_id'];
  const all: Record<string, JsonValue> = {
    ...fields,
    ...(typeof id === 'string' && id !== '' && { _id: id }),
    ...(source !== undefined && { source }),
  };
  return {
    ...(title !== undefined && { title }),
    ...(language !== undefined && { language }),
    ...(labels !== undefined && { labels }),
    ...(Object.keys(all).length > 0 && jsonFault(all) === undefined && { fields: all }),
    blocks: writer.blocks,
  };
}

function titleOf(record: JsonObject): string | undefined {
  const title = record['title'];
  return typeof title === 'string' ? joinLines(title).replace(/\p{Surrogate}/gu, '\ufffd') || undefined : undefined;
}

/** A paragraph for every string that has words: `address.city: Bonn`. No recursion, since values nest as deep as they like. */
function writeTexts(root: unknown, writer: BlockWriter): void {
  const waiting: { readonly value: unknown; readonly path: string }[] = [{ value: root, path: '' }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, path } = next;
    if (typeof value === 'string') {
      const text = value.trim();
      if (text !== '') writer.add('paragraph', path === '' ? text : `${path}: ${text}`);
      continue;
    }
    if (typeof value !== 'object' || value === null) continue;
    const entries = Array.isArray(value) ? value.map((item: unknown) => ['', item] as const) : Object.entries(value);
    for (const [key, inner] of entries.toReversed()) waiting.push({ value: inner, path: pathOf(path, key) });
  }
}

/** Items of a list have its path. A deep path loses its beginning. */
function pathOf(path: string, key: string): string {
  const name = joinLines(key).slice(0, LONGEST_KEY);
  const all = name === '' ? path : path === '' ? name : `${path}.${name}`;
  return all.length > 4 * LONGEST_KEY ? `…${all.slice(-4 * LONGEST_KEY)}` : all;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function warned(documents: readonly ParsedDocument[], warning: string | undefined): readonly ParsedDocument[] {
  if (warning === undefined || documents.length === 0) return documents;
  return [{ ...documents[0]!, warnings: [warning] }, ...documents.slice(1)];
}
