import { join } from 'node:path';
import { z } from 'zod';
import { parseJson, readTextIfThere, writeFileAtomically } from '../../base/index.ts';
import type { JsonValue } from '../../data/index.ts';
import { modelParts, storedAnalyzer, storeId, storeManifest } from '../index-store/index-manifest.ts';

/** Stands in every collection; written once, before anything else. */
export const COLLECTION_FILE = 'collection.json';
/** Version 2 is version 1 with segments in an object store. */
const VERSIONS = { inFolder: 1, shared: 2 } as const;

const collectionManifest = z
  .strictObject({
    format: z.literal('cem-collection'),
    version: z.literal(Object.values(VERSIONS)),
    id: storeId,
    ...modelParts,
    /** The query student of the checkpoint, in the folder `query`: it may encode queries in the teacher's place. Absent: the teacher alone may. */
    queryStudent: z.strictObject({ hash: z.string() }).optional(),
    store: storeManifest,
    /** What cuts the terms of passages, for search by words; absent where none are kept. */
    analyzer: storedAnalyzer,
    /** How files become documents, units and passages. Whoever ingests knows what stands here. */
    settings: z.record(z.string(), z.json()),
    /** `s3://BUCKET/PREFIX` under which the segments lie; absent: in the collection's folder. */
    segments: z.string().startsWith('s3://').optional(),
  })
  .refine(
    ({ version, segments }) => (version === VERSIONS.shared) === (segments !== undefined),
    'its version is not that of what it says',
  );

/** What a collection is made with, once and for all. */
export interface CollectionManifest extends Omit<z.infer<typeof collectionManifest>, 'format' | 'version' | 'settings'> {
  readonly settings: Readonly<Record<string, JsonValue>>;
}

/**
 * @returns undefined where the folder has none
 * @throws FormatError `COLLECTION_FORMAT`
 */
export async function readCollectionManifest(folder: string): Promise<CollectionManifest | undefined> {
  const path = join(folder, COLLECTION_FILE);
  const text = await readTextIfThere(path);
  return text === undefined ? undefined : parseCollectionManifest(text, path);
}

/**
 * @param path for errors: where the text comes from
 * @throws FormatError `COLLECTION_FORMAT`
 */
export function parseCollectionManifest(text: string, path: string): CollectionManifest {
  const {
    format: _,
    version: __,
    ...rest
  } = parseJson(text, collectionManifest, path, {
    code: 'COLLECTION_FORMAT',
    what: `a collection of version ${VERSIONS.inFolder} or ${VERSIONS.shared}`,
    remedy: 'restore the folder from a copy, or ingest the files into another one',
  });
  return rest;
}

export async function writeCollectionManifest(folder: string, manifest: CollectionManifest): Promise<void> {
  await writeFileAtomically(join(folder, COLLECTION_FILE), Buffer.from(collectionManifestText(manifest)));
}

/** As it stands in a folder or an object. */
export function collectionManifestText(manifest: CollectionManifest): string {
  const version = manifest.segments === undefined ? VERSIONS.inFolder : VERSIONS.shared;
  return `${JSON.stringify({ format: 'cem-collection', version, ...manifest }, null, 2)}\n`;
}
