import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile, writeFileAtomically } from '../../base/index.ts';
import { mappingPathOf } from '../mapping/mapping.ts';
import { metadataPathOf } from '../metadata/metadata-file.ts';
import type { SegmentEntry } from './manifest.ts';

/** Says of a corpus folder which of its segments lie in an object store; SEGMENTS.md describes it. */
export const OBJECTS_FILE = 'objects.json';

const objectsSchema = z.strictObject({
  format: z.literal('cem-objects'),
  version: z.literal(1),
  /** Address of each container, by the file that the manifest names; mapping and metadata lie beside it. */
  objects: z.record(z.string(), z.string()),
});

/** Addresses of containers in an object store, by the file that a manifest names. */
export type SegmentObjects = ReadonlyMap<string, string>;

/** Files of a segment: container, mapping, and metadata where it has some. */
export function segmentFiles({ file, metadataBytes }: Pick<SegmentEntry, 'file' | 'metadataBytes'>): string[] {
  return [file, mappingPathOf(file), ...(metadataBytes === undefined ? [] : [metadataPathOf(file)])];
}

/** Where a segment's container is read. */
export function segmentPath(folder: string, file: string, objects: SegmentObjects): string {
  return objects.get(file) ?? join(folder, file);
}

/** None where the folder says nothing of objects. Throws FormatError `CORPUS_FORMAT`. */
export async function readSegmentObjects(folder: string): Promise<SegmentObjects> {
  const read = await readJsonFile(join(folder, OBJECTS_FILE), objectsSchema, {
    code: 'CORPUS_FORMAT',
    what: 'a list of segments in an object store',
    remedy: 'remove the folder corpus: the collection writes it anew',
  });
  return new Map(Object.entries(read?.objects ?? {}));
}

export async function writeSegmentObjects(folder: string, objects: SegmentObjects): Promise<void> {
  const value = { format: 'cem-objects', version: 1, objects: Object.fromEntries(objects) };
  await writeFileAtomically(join(folder, OBJECTS_FILE), Buffer.from(`${JSON.stringify(value)}\n`));
}
