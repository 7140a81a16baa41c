import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { FormatError, writeFileAtomically } from '../../base/index.ts';
import type { EncoderDescription } from '../encoder.ts';
import { PRECISIONS, type Precision } from './vector-codec.ts';

const FORMAT_VERSION = 1;
const IDENTITY_FILE = 'identity.json';

const identitySchema = z.strictObject({
  format: z.literal('cem-teacher-cache'),
  version: z.literal(FORMAT_VERSION),
  precision: z.enum(PRECISIONS),
  id: z.string(),
  revision: z.string(),
  dimension: z.number().int().positive(),
  settings: z.record(z.string(), z.unknown()),
});

/** `identity.json` of a cache: whose vectors lie in the folder, and as what. */
export type CacheIdentity = z.infer<typeof identitySchema>;

/** As it is written: numbers and strings that JSON keeps, nothing else. */
export function cacheIdentity(description: EncoderDescription, precision: Precision): CacheIdentity {
  const { id, revision, dimension, settings } = description;
  const identity = { format: 'cem-teacher-cache', version: FORMAT_VERSION, precision, id, revision, dimension, settings };
  return identitySchema.parse(JSON.parse(JSON.stringify(identity)));
}

/** Name of a teacher's folder below that of all caches. */
export function cacheFolderName(identity: CacheIdentity): string {
  const digest = createHash('sha256').update(canonicalJson(identity)).digest('hex').slice(0, 16);
  return `${identity.id.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 80)}-${digest}`;
}

/**
 * Writes who the folder belongs to, or makes sure that it belongs to the same.
 *
 * @throws FormatError `TEACHER_CACHE_DAMAGED`
 */
export async function claimCacheFolder(folder: string, identity: CacheIdentity): Promise<void> {
  const path = join(folder, IDENTITY_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    await writeFileAtomically(path, Buffer.from(`${JSON.stringify(identity, null, 2)}\n`));
    return;
  }
  if (!isDeepStrictEqual(parseJson(text), identity)) throw damaged(path);
}

/**
 * Whose vectors lie in a folder; undefined when it says nothing of that.
 *
 * @throws FormatError `TEACHER_CACHE_DAMAGED`
 */
export async function readCacheIdentity(folder: string): Promise<CacheIdentity | undefined> {
  const path = join(folder, IDENTITY_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
  const parsed = identitySchema.safeParse(parseJson(text));
  if (!parsed.success || !folder.endsWith(cacheFolderName(parsed.data))) throw damaged(path);
  return parsed.data;
}

function damaged(path: string): FormatError {
  return new FormatError(
    'TEACHER_CACHE_DAMAGED',
    `${path} does not describe the teacher that the folder is named after. Delete the folder: its vectors will be computed again.`,
    { details: { path } },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON with sorted keys, so that the order of a settings object does not matter. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
