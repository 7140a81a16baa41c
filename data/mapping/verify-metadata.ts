import { contentSize } from '../../zpkg/index.ts';
import { blockError } from '../metadata/metadata-format.ts';
import { checkPassages, checkTerms, type DocumentReader } from './document-reader.ts';

/** What a container's metadata says. */
export interface VerifiedMetadata {
  /** A chunk that is its own one passage counts as one. */
  readonly passages: number;
  /** How many of them have their terms kept: all or none. */
  readonly terms: number;
}

/**
 * Reads all metadata of a container whose chunks are whole, and compares the lengths of parts and passages that it names with what the frames declare. Nothing is
 * decompressed but the metadata.
 *
 * @throws FormatError `METADATA_CHECKSUM`, `METADATA_BLOCK`
 */
export async function verifyMetadata({ container, mapping, metadata }: DocumentReader): Promise<VerifiedMetadata> {
  if (metadata === undefined) return { passages: container.chunkCount, terms: 0 };
  const sizes = new Uint32Array(container.chunkCount);
  for await (const { chunk, frame } of container.frames()) sizes[chunk] = contentSize(frame);
  let document = 0;
  for await (const { partLengths } of metadata.records()) {
    const { first, count } = mapping.chunksAt(document);
    const wanted = count > 1 ? sizes.subarray(first, first + count) : sizes.subarray(0, 0);
    if (wanted.length !== partLengths.length || partLengths.some((length, part) => length !== wanted[part])) {
      const id = JSON.stringify(mapping.idAt(document));
      throw blockError(metadata.path, 0, `the chunks of ${id} have other lengths in the container`);
    }
    document += 1;
  }
  let passages = container.chunkCount;
  let chunk = 0;
  for await (const several of metadata.allPassages()) {
    if (several !== undefined) {
      checkPassages(metadata.path, chunk, several, sizes[chunk]!);
      passages += several.length - 1;
    }
    chunk += 1;
  }
  let terms = 0;
  chunk = 0;
  for await (const several of metadata.allTerms()) {
    checkTerms(metadata.path, chunk, several, await metadata.passages(chunk));
    terms += several.length;
    chunk += 1;
  }
  return { passages, terms };
}
