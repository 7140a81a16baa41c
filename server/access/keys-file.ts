import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { type FolderLock, isCemError, lockFolder, readJsonFile, UsageError, writeFileAtomically } from '../../base/index.ts';
import type { AccessLabels } from '../collection-service.ts';
import { makeKey } from './api-key.ts';
import { SCOPES, type Scope } from './principal.ts';

/** The file of keys in the folder of collections. */
export const KEYS_FILE = 'keys.json';

const label = z.string().min(1).max(200);
const entrySchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  name: z.string().min(1).max(100),
  salt: z.string().regex(/^[0-9a-f]{32}$/),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  scope: z.enum(SCOPES),
  labels: z.union([z.literal('everything'), z.array(label).max(1000)]),
  created: z.iso.datetime(),
  expires: z.iso.datetime().optional(),
});
const fileSchema = z.strictObject({
  format: z.literal('cem-keys'),
  version: z.literal(1),
  keys: z.array(entrySchema),
});

/** A key as the file has it. */
export type KeyEntry = z.infer<typeof entrySchema>;

export interface NewKey {
  /** Who uses it, for people and logs; no two keys share one. */
  readonly name: string;
  readonly scope: Scope;
  readonly labels: AccessLabels;
  /** Not valid from then on. */
  readonly expires?: Date | undefined;
}

/** How often, and after how many milliseconds, another process is waited for that changes the file. */
const ATTEMPTS = 100;
const RETRY_MS = 20;

/**
 * @returns no keys where there is no file
 * @throws FormatError `KEYS_FILE`
 */
export async function readKeys(path: string): Promise<readonly KeyEntry[] | undefined> {
  const meaning = {
    code: 'KEYS_FILE',
    what: 'a file of keys',
    remedy: 'restore it from a copy, or remove it and make the keys anew with `cem keys add`',
  };
  return (await readJsonFile(path, fileSchema, meaning))?.keys;
}

/**
 * Adds a key to a file, which is made when there is none.
 *
 * @returns the key itself, which is nowhere kept, and its entry
 * @throws UsageError `KEY_NAME`, `KEY_LABEL`, `KEY_EXPIRES`; FormatError `KEYS_FILE`; CemError `FOLDER_LOCKED`
 */
export async function addKey(
  path: string,
  { name, scope, labels, expires }: NewKey,
): Promise<{ readonly key: string; readonly entry: KeyEntry }> {
  if (expires !== undefined && !(expires.getTime() > Date.now()))
    throw new UsageError('KEY_EXPIRES', 'a key expires at a time to come, as 2027-01-31 or 2027-01-31T12:00:00Z');
  if (labels !== 'everything' && !labels.every((one) => label.safeParse(one).success))
    throw new UsageError('KEY_LABEL', 'a label is 1 to 200 characters');
  const { key, stored } = makeKey();
  const parsed = entrySchema.safeParse({
    ...stored,
    name,
    scope,
    labels: labels === 'everything' ? labels : [...new Set(labels)],
    created: new Date().toISOString(),
    ...(expires && { expires: expires.toISOString() }),
  });
  if (!parsed.success) throw new UsageError('KEY_NAME', 'a key needs a name of 1 to 100 characters', { cause: parsed.error });
  await changeKeys(path, (keys) => {
    if (keys.some((other) => other.name === name))
      throw new UsageError(
        'KEY_NAME',
        `there is a key named ${JSON.stringify(name)} already; remove it first, or take another name`,
      );
    return [...keys, parsed.data];
  });
  return { key, entry: parsed.data };
}

/**
 * Removes the key of this id or name: requests with it are refused from then on.
 *
 * @throws UsageError `KEY_MISSING`; FormatError `KEYS_FILE`; CemError `FOLDER_LOCKED`
 */
export async function removeKey(path: string, idOrName: string): Promise<KeyEntry> {
  let removed: KeyEntry | undefined;
  await changeKeys(path, (keys) => {
    removed = keys.find(({ id }) => id === idOrName) ?? keys.find(({ name }) => name === idOrName);
    if (removed === undefined)
      throw new UsageError(
        'KEY_MISSING',
        `there is no key of the id or name ${JSON.stringify(idOrName)}; \`cem keys list\` shows all`,
      );
    return keys.filter((key) => key !== removed);
  });
  return removed!;
}

async function changeKeys(path: string, change: (keys: readonly KeyEntry[]) => readonly KeyEntry[]): Promise<void> {
  const lock = await lockKeys(path);
  try {
    const keys = change((await readKeys(path)) ?? []);
    await writeFileAtomically(path, Buffer.from(`${JSON.stringify({ format: 'cem-keys', version: 1, keys }, null, 2)}\n`));
  } finally {
    await lock.release();
  }
}

/** Two that change the file at the same moment do it one after the other. */
async function lockKeys(path: string): Promise<FolderLock> {
  const folder = join(dirname(path), `.${basename(path)}.lock`);
  for (let attempt = 1; ; attempt++) {
    try {
      return await lockFolder(folder);
    } catch (error) {
      if (!isCemError(error, 'FOLDER_LOCKED') || attempt === ATTEMPTS) throw error;
      await setTimeout(RETRY_MS);
    }
  }
}
