import { isCemError, removeObject } from '../../base/index.ts';
import { databaseUrlWithoutPassword, type PgvectorStore } from '../../search/postgres/index.ts';
import { removeSharedHead } from '../groups/shared-head.ts';
import { isSameDatabase, openStore, type StoreAccess } from '../index-store/open-store.ts';
import { COLLECTION_FILE, type CollectionManifest } from './collection-manifest.ts';
import { SharedCorpus } from './shared-corpus.ts';
import { SharedFigures } from './shared-figures.ts';

/** The access to a collection's own database: the address of another one is no concern of it. */
export function accessTo({ store }: CollectionManifest, { database, ...others }: StoreAccess): StoreAccess {
  if (database === undefined || !isSameDatabase(store, databaseUrlWithoutPassword(database))) return others;
  return { ...others, database };
}

/** Removes a collection's tables in a server, where they are still there, and its objects. What stops between the two leaves objects, and the folder, by which the rest can be removed. */
export async function removeRows(path: string, manifest: CollectionManifest, access: StoreAccess): Promise<void> {
  try {
    const options = { ...accessTo(manifest, access), codesMemory: 0 };
    const store = await openStore(path, manifest, options, { create: false, migrate: false });
    try {
      await removeObjects(path, manifest, store);
      await store.drop();
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!isCemError(error) || error.code !== 'VECTOR_STORE_MISSING') throw error;
  }
}

async function removeObjects(path: string, manifest: CollectionManifest, store: PgvectorStore): Promise<void> {
  const { segments } = manifest;
  if (segments === undefined) return;
  const shared = new SharedCorpus({ store, segments, corpusPath: path, workPath: path });
  await shared.read();
  // Nobody joins what is being removed.
  await removeObject(`${segments}/${COLLECTION_FILE}`);
  const figures = new SharedFigures({ store, segments, stored: false, requireTurn: async () => undefined });
  for (const address of [...(await shared.addresses()), ...(await figures.addresses())]) await removeObject(address);
  await removeSharedHead(segments, manifest);
}
