import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, writeFileAtomically } from '../../base/index.ts';
import type { JsonValue } from '../../data/index.ts';
import { modelParts, storedAnalyzer, storeId, storeManifest } from '../index-store/index-manifest.ts';

/** Stands in every collection; written once, before anything else. */
export const COLLECTION_FILE = 'collection.json';
const COLLECTION_VERSION = 1;

const collectionManifest = z.strictObject({
  format: z.literal('cem-collection'),
  version: z.literal(COLLECTION_VERSION),
  id: storeId,
  ...modelParts,
  /** The query student of the checkpoint, in the folder `query`: it may encode queries in the teacher's place. Absent: the teacher alone may. */
  queryStudent: z.strictObject({ hash: z.string() }).optional(),
  store: storeManifest,
  /** What cuts the terms of passages, for search by words; absent where none are kept. */
  analyzer: storedAnalyzer,
  /** How files become documents, units and passages. Whoever ingests knows what stands here. */
  settings: z.record(z.string(), z.json()),
});

/** What a collection is made with, once and for all. */
export interface CollectionManifest extends Omit<z.infer<typeof collectionManifest>, 'format' | 'version' | 'settings'> {
  readonly settings: Readonly<Record<string, JsonValue>>;
}

/**
 * @returns undefined where the folder has none
 * @throws FormatError `COLLECTION_FORMAT`
 */
export async function readCollectionManifest(folder: string): Promise<CollectionManifest | undefined> {
  const manifest = await readJsonFile(join(folder, COLLECTION_FILE), collectionManifest, {
    code: 'COLLECTION_FORMAT',
    what: `a collection of version ${COLLECTION_VERSION}`,
    remedy: 'restore the folder from a copy, or ingest the files into another one',
  });
  if (manifest === undefined) return undefined;
  const { format: _, version: __, ...rest } = manifest;
  return rest;
}

export async function writeCollectionManifest(folder: string, manifest: CollectionManifest): Promise<void> {
  const value = { format: 'cem-collection', version: COLLECTION_VERSION, ...manifest };
  await writeFileAtomically(join(folder, COLLECTION_FILE), Buffer.from(`${JSON.stringify(value, null, 2)}\n`));
}
