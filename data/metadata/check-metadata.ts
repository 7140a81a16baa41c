import type { ByteSpan } from '../../base/index.ts';
import type { JsonValue, Metadata, PageRange } from './metadata.ts';

/** How deep lists and objects in `fields` may lie in each other: text of any depth would exhaust the stack. */
const DEEPEST_FIELD = 64;

/** `language-region` and the like: subtags of letters and digits (RFC 5646, 2.1; that they are registered is not checked). */
const LANGUAGE_TAG = /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/;

const KNOWN_KEYS = ['title', 'source', 'pages', 'headings', 'span', 'language', 'labels', 'fields'] as const;

/** Whether a key of an object of metadata is one of `Metadata`'s own. */
export function isMetadataKey(key: string): key is keyof Metadata {
  return (KNOWN_KEYS as readonly string[]).includes(key);
}

/** A well-formed tag of a language. */
export function isLanguageTag(value: string): boolean {
  return LANGUAGE_TAG.test(value);
}

/**
 * The metadata in an object that anyone may have made: every key of the right type and no other ones. Keys that are undefined, null or an empty string are
 * left out.
 *
 * @param fail makes the error for a key and what is wrong with it
 * @throws what `fail` makes
 */
export function checkMetadata(value: Readonly<Record<string, unknown>>, fail: (key: string, wrong: string) => Error): Metadata {
  const metadata: { -readonly [Key in keyof Metadata]: Metadata[Key] } = {};
  for (const [key, given] of Object.entries(value)) {
    if (given === undefined || given === null || given === '') continue;
    switch (key) {
      case 'title':
      case 'source':
        metadata[key] = stringOf(given, key, fail);
        break;
      case 'language':
        metadata.language = stringOf(given, key, fail);
        if (!isLanguageTag(metadata.language)) throw fail(key, 'is no tag of a language as "en" or "zh-Hans" (BCP 47)');
        break;
      case 'headings':
      case 'labels':
        metadata[key] = stringsOf(given, key, fail);
        break;
      case 'pages':
        metadata.pages = pagesOf(given, fail);
        break;
      case 'span':
        metadata.span = spanOf(given, fail);
        break;
      case 'fields': {
        const fields = fieldsOf(given, fail);
        if (Object.keys(fields).length > 0) metadata.fields = fields;
        break;
      }
      default:
        throw fail(key, `is not known: metadata has ${KNOWN_KEYS.join(', ')}, and anything else stands in fields`);
    }
  }
  return metadata;
}

type Fail = (key: string, wrong: string) => Error;

function stringOf(value: unknown, key: string, fail: Fail): string {
  if (typeof value !== 'string') throw fail(key, 'is no string');
  return value;
}

function stringsOf(value: unknown, key: string, fail: Fail): readonly string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw fail(key, 'is no list of strings');
  return [...value];
}

function pagesOf(value: unknown, fail: Fail): PageRange {
  const { first, last } = objectOf(value);
  if (!isCount(first) || !isCount(last) || first < 1 || last < first || !hasOnly(value, 2))
    throw fail('pages', 'is no {"first": …, "last": …} of whole numbers from 1 on, the first not above the last');
  return { first, last };
}

function spanOf(value: unknown, fail: Fail): ByteSpan {
  const { start, end } = objectOf(value);
  if (!isCount(start) || !isCount(end) || end < start || !hasOnly(value, 2))
    throw fail('span', 'is no {"start": …, "end": …} of whole numbers from 0 on, the start not above the end');
  return { start, end };
}

function fieldsOf(value: unknown, fail: Fail): Readonly<Record<string, JsonValue>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fail('fields', 'is no object');
  const wrong = jsonFault(value);
  if (wrong !== undefined) throw fail('fields', wrong);
  return value as Readonly<Record<string, JsonValue>>;
}

/** What keeps a value from being JSON that comes back as it was; undefined when nothing does. */
export function jsonFault(root: unknown): string | undefined {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: root, depth: 0 }];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    const { value, depth } = item;
    if (value === null || typeof value === 'string' || typeof value === 'boolean') continue;
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) return 'holds a number that JSON cannot write';
      continue;
    }
    if (typeof value !== 'object') return `holds a ${typeof value}, which JSON cannot write`;
    if (depth === DEEPEST_FIELD) return `goes deeper than ${DEEPEST_FIELD} lists and objects`;
    const prototype: unknown = Object.getPrototypeOf(value);
    if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return 'holds what is no plain object';
    for (const inner of Object.values(value)) open.push({ value: inner, depth: depth + 1 });
  }
  return undefined;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function hasOnly(value: unknown, keys: number): boolean {
  return Object.keys(objectOf(value)).length === keys;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
