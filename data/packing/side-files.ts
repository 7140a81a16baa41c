import { rm, stat } from 'node:fs/promises';
import type { IdTable } from '../mapping/id-table.ts';
import { nextMappingPathOf, settleMapping, writeMapping } from '../mapping/mapping.ts';
import { metadataPathOf, nextMetadataPathOf, settleMetadata, writeMetadata } from '../metadata/metadata-file.ts';
import type { SectionToWrite } from '../metadata/metadata-format.ts';

/** What the files beside a container say. */
export interface SideFileContents {
  readonly ids: IdTable;
  /** [ids.length] chunks of each document. */
  readonly chunkCounts: Uint32Array;
  readonly chunkCount: number;
  /** The container's fingerprint. */
  readonly fingerprint: number;
  /** Sections of the metadata; none when nothing is known. */
  readonly sections: readonly SectionToWrite[];
}

/**
 * Writes mapping and metadata of a container that has not appeared yet, where they wait for it. Metadata of the container that stands there is answered with a
 * file that says that nothing is known, when that is so: who is killed before it is removed leaves a reader without doubt.
 *
 * @returns sizes of the files; `metadataBytes` is 0 when there are no sections
 * @throws CemError `FILE_CREATE`, `FILE_WRITE`; then nothing waits
 */
export async function writeNextSideFiles(
  zpkgPath: string,
  contents: SideFileContents,
): Promise<{ mappingBytes: number; metadataBytes: number }> {
  const { ids, chunkCounts, chunkCount, fingerprint, sections } = contents;
  const [mappingPath, metadataPath] = [nextMappingPathOf(zpkgPath), nextMetadataPathOf(zpkgPath)];
  try {
    const mapping = await writeMapping(mappingPath, ids, chunkCounts, fingerprint);
    await rm(metadataPath, { force: true });
    if (sections.length === 0 && !(await isThere(metadataPathOf(zpkgPath))))
      return { mappingBytes: mapping.bytes, metadataBytes: 0 };
    const owner = { documentCount: ids.length, chunkCount, fingerprint, mappingChecksum: mapping.checksum };
    const bytes = await writeMetadata(metadataPath, owner, sections);
    return { mappingBytes: mapping.bytes, metadataBytes: sections.length === 0 ? 0 : bytes };
  } catch (error) {
    for (const path of [mappingPath, metadataPath]) await rm(path, { force: true });
    throw error;
  }
}

/** Puts what `writeNextSideFiles` wrote in its place, after the container appeared. */
export async function settleSideFiles(zpkgPath: string, hasMetadata: boolean): Promise<void> {
  await settleMapping(zpkgPath);
  await settleMetadata(zpkgPath, hasMetadata);
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
