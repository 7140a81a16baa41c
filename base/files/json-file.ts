import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { messageOf } from '../bytes.ts';
import { CemError, FormatError } from '../errors.ts';

/** What an error says of JSON that is not as it should be. */
export interface JsonMeaning {
  /** Stable code of the FormatError. */
  readonly code: string;
  /** What it should be, after "is not": `a manifest of a corpus`. */
  readonly what: string;
  /** What to do about it: `restore the folder from a copy`. */
  readonly remedy: string;
}

/**
 * Parses JSON and checks it against a schema.
 *
 * @param place where it was read: a path, or `path:line`
 * @throws FormatError with the code of `meaning`; `details` holds the place and the schema's issues
 */
export function parseJson<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  place: string,
  { code, what, remedy }: JsonMeaning,
): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(code, `${place} is not JSON: ${messageOf(cause)}; ${remedy}`, { details: { path: place }, cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const key = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw new FormatError(code, `${place} is not ${what}: ${key}${issue?.message}; ${remedy}`, {
    details: { path: place, issues: parsed.error.issues },
    cause: parsed.error,
  });
}

/**
 * Reads a JSON file and checks it against a schema.
 *
 * @returns undefined where there is no such file
 * @throws CemError `FILE_READ` where it is there and cannot be read; FormatError with the code of `meaning`
 */
export async function readJsonFile<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  meaning: JsonMeaning,
): Promise<z.output<Schema> | undefined> {
  const text = await readTextIfThere(path);
  return text === undefined ? undefined : parseJson(text, schema, path, meaning);
}

/** @throws CemError `FILE_READ` */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new CemError('FILE_READ', `cannot read ${path}: ${messageOf(cause)}`, { details: { path }, cause });
  }
}
