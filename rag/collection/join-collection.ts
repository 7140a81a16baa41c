import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CemError, isCemError, readRemoteText, UsageError, uploadFile } from '../../base/index.ts';
import { databaseUrlWithoutPassword } from '../../search/postgres/index.ts';
import {
  COLLECTION_FILE,
  type CollectionManifest,
  collectionManifestText,
  parseCollectionManifest,
  readCollectionManifest,
  writeCollectionManifest,
} from './collection-manifest.ts';

/** Where the objects of a shared collection lie. @throws UsageError `COLLECTION_SEGMENTS` */
export function segmentsPrefix(segments: string): string {
  const prefix = segments.replace(/\/+$/, '');
  if (/^s3:\/\/[^/?#]+\/[^?#]+$/.test(prefix)) return prefix;
  throw new UsageError(
    'COLLECTION_SEGMENTS',
    `${JSON.stringify(segments)} is no place for segments: give s3://BUCKET/PREFIX, a prefix that only this collection has`,
    { details: { segments } },
  );
}

/**
 * Makes a folder the way to a collection that others share: its `collection.json`, copied from the object store.
 *
 * @param database of this machine's way to the server; the one that the collection was made with unless given
 * @returns what the folder has then; undefined where there is no such collection
 * @throws UsageError `COLLECTION_SEGMENTS`; CemError `COLLECTION_OTHER_SEGMENTS` for a folder of another collection; FormatError `COLLECTION_FORMAT`; as `readRemoteText`
 */
export async function joinCollection(
  folder: string,
  segments: string,
  database: string | undefined,
): Promise<CollectionManifest | undefined> {
  const prefix = segmentsPrefix(segments);
  const known = await readCollectionManifest(folder);
  if (known !== undefined) {
    if (known.segments === prefix) return known;
    throw new CemError(
      'COLLECTION_OTHER_SEGMENTS',
      `the segments of the collection ${folder} lie in ${known.segments ?? 'its own folder'}, not in ${prefix}: leave that out, or name another folder`,
      { details: { path: folder, stored: known.segments, asked: prefix } },
    );
  }
  const shared = await readSharedManifest(prefix);
  if (shared === undefined) return undefined;
  const manifest: CollectionManifest = {
    ...shared,
    ...(database !== undefined && { store: { kind: 'postgres', url: databaseUrlWithoutPassword(database) } }),
  };
  await mkdir(folder, { recursive: true });
  await writeCollectionManifest(folder, manifest);
  return manifest;
}

/**
 * What a shared collection was made with; undefined where there is none.
 *
 * @throws UsageError `COLLECTION_SEGMENTS`; FormatError `COLLECTION_FORMAT`; as `readRemoteText`
 */
export async function readSharedManifest(segments: string): Promise<CollectionManifest | undefined> {
  const address = `${segmentsPrefix(segments)}/${COLLECTION_FILE}`;
  const text = await readRemoteText(address);
  return text === undefined ? undefined : parseCollectionManifest(text, address);
}

/**
 * Makes a shared collection known to others, unless there is one.
 *
 * @returns whether there was none
 * @throws as `uploadFile`
 */
export async function publishCollection(segments: string, manifest: CollectionManifest): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'cem-collection-'));
  try {
    const path = join(folder, COLLECTION_FILE);
    await writeFile(path, collectionManifestText(manifest));
    await uploadFile(path, `${segments}/${COLLECTION_FILE}`, { onlyNew: true });
    return true;
  } catch (error) {
    if (isCemError(error, 'REMOTE_EXISTS')) return false;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws UsageError `COLLECTION_SEGMENTS` for a shared collection whose rows nobody else reaches */
export function refuseUnshared({ segments, store }: CollectionManifest): void {
  if (segments === undefined) return;
  const why = store.kind !== 'postgres' ? 'rows that all machines reach: give --database postgres://… as well' : undefined;
  if (why === undefined) return;
  throw new UsageError('COLLECTION_SEGMENTS', `a collection with segments in ${segments} needs ${why}`, {
    details: { segments },
  });
}

export function madeMeanwhile(segments: string): CemError {
  return new CemError('COLLECTION_SEGMENTS', `another process made a collection in ${segments} just now: ingest again`, {
    details: { segments },
  });
}
