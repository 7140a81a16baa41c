import { join } from 'node:path';
import { UsageError } from '../../base/index.ts';
import { KEYS_FILE, type KeyEntry } from '../../server/access/index.ts';

/** Where the keys of a server lie, for the commands that change them. */
export interface KeysPlace {
  readonly collections: string | undefined;
  readonly keys: string | undefined;
}

export const keysPlaceOptions = {
  collections: { type: 'string', describe: `folder of collections that the server has: its keys are in ${KEYS_FILE} there` },
  keys: { type: 'string', describe: 'file of keys, in place of the one in the folder of collections' },
} as const;

/** @throws UsageError `KEYS_PLACE` unless one of the two is named */
export function keysPath({ collections, keys }: KeysPlace): string {
  if (keys !== undefined) return keys;
  if (collections !== undefined) return join(collections, KEYS_FILE);
  throw new UsageError('KEYS_PLACE', 'say whose keys: --collections DIR, the folder that `cem serve` is given, or --keys FILE');
}

/** A key as it is printed: without its hash. */
export interface ShownKey {
  readonly id: string;
  readonly name: string;
  readonly scope: string;
  readonly labels: readonly string[] | 'everything';
  readonly created: string;
  readonly expires?: string;
  readonly expired: boolean;
}

export function shownKey({ id, name, scope, labels, created, expires }: KeyEntry): ShownKey {
  const expired = expires !== undefined && Date.parse(expires) <= Date.now();
  return { id, name, scope, labels, created, ...(expires !== undefined && { expires }), expired };
}

export const labelsText = (labels: ShownKey['labels']): string => {
  if (labels === 'everything') return 'all documents';
  return labels.length === 0 ? 'documents without labels' : `documents without labels, or with ${labels.join(', ')}`;
};
