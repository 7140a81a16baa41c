import { checkMetadata, isMetadataKey } from './check-metadata.ts';
import type { Metadata } from './metadata.ts';

/** Keys of a line that are no metadata. */
const OWN_KEYS = new Set(['_id', 'title', 'text', 'metadata']);

/**
 * The metadata of a line `{_id, title?, text, metadata?, …}`:
 *
 * - the keys of `metadata` that `Metadata` has are taken as they are and must have their types; all others, and what `metadata.fields` holds, are fields;
 * - `url` is the source where no other is given;
 * - beside `metadata`, `source` and `url` count as in it when they are strings, and every other key is a field, whatever it is called: labels of access are only
 *   those in `metadata`.
 *
 * @param fail makes the error for a key and what is wrong with it
 * @returns undefined when the line has nothing of it
 * @throws what `fail` makes
 */
export function rowMetadata(
  row: Readonly<Record<string, unknown>>,
  fail: (key: string, wrong: string) => Error,
): Metadata | undefined {
  const given = row['metadata'] ?? {};
  if (typeof given !== 'object' || Array.isArray(given)) throw fail('metadata', 'is no object');
  const known: [string, unknown][] = [];
  const fields = new Map<string, unknown>();
  const addField = (key: string, value: unknown): void => {
    if (fields.has(key) && JSON.stringify(fields.get(key)) !== JSON.stringify(value))
      throw fail(key, 'is given twice, and differs');
    fields.set(key, value);
  };
  for (const [key, value] of Object.entries(given)) {
    if (key === 'fields') continue;
    if (isMetadataKey(key)) known.push([key, value]);
    else addField(key, value);
  }
  const inner = 'fields' in given ? (given.fields ?? {}) : {};
  if (typeof inner !== 'object' || Array.isArray(inner)) throw fail('fields', 'is no object');
  for (const [key, value] of Object.entries(inner)) addField(key, value);
  const beside = Object.entries(row).filter(([key]) => !OWN_KEYS.has(key));
  let source = known.find(([key]) => key === 'source')?.[1] ?? takeString(fields, 'url');
  for (const [key, value] of beside) {
    const isPlace = (key === 'source' || key === 'url') && typeof value === 'string';
    if (isPlace && source === undefined) source = value;
    else if (!isPlace || source !== value) addField(key, value);
  }
  const metadata = checkMetadata({ ...Object.fromEntries(known), source, fields: Object.fromEntries(fields) }, (key, wrong) =>
    fail(key, wrong),
  );
  return Object.keys(metadata).length === 0 ? undefined : metadata;
}

function takeString(fields: Map<string, unknown>, key: string): string | undefined {
  const value = fields.get(key);
  if (typeof value !== 'string' || value === '') return undefined;
  fields.delete(key);
  return value;
}
