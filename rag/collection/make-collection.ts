import { randomBytes } from 'node:crypto';
import { databaseUrlWithoutPassword } from '../../search/postgres/index.ts';
import type { IndexModel } from '../index-store/index-manifest.ts';
import { type CollectionManifest, writeCollectionManifest } from './collection-manifest.ts';
import type { CollectionWritingOptions } from './collection-writing.ts';
import { madeMeanwhile, publishCollection, refuseUnshared } from './join-collection.ts';

const ID_BYTES = 8;

/**
 * Makes a folder a new collection: its `collection.json`, and in an object store where others share it.
 *
 * @throws UsageError `COLLECTION_SEGMENTS` for what a shared collection cannot have; CemError of that code where another process made one meanwhile
 */
export async function makeCollection(
  path: string,
  model: IndexModel,
  {
    queryStudent,
    database,
    analyzer,
    settings,
    segments,
  }: Pick<CollectionWritingOptions, 'queryStudent' | 'database' | 'analyzer' | 'settings' | 'segments'>,
): Promise<CollectionManifest> {
  const manifest: CollectionManifest = {
    id: randomBytes(ID_BYTES).toString('hex'),
    ...model,
    ...(queryStudent && { queryStudent: { hash: queryStudent.hash } }),
    store: database === undefined ? { kind: 'pglite' } : { kind: 'postgres', url: databaseUrlWithoutPassword(database) },
    ...(analyzer && { analyzer }),
    settings,
    ...(segments !== undefined && { segments }),
  };
  refuseUnshared(manifest);
  if (segments !== undefined && !(await publishCollection(segments, manifest))) throw madeMeanwhile(segments);
  await writeCollectionManifest(path, manifest);
  return manifest;
}
