import { contentSize } from '../../zpkg/index.ts';
import { blockError } from '../metadata/metadata-format.ts';
import type { DocumentReader } from './document-reader.ts';

/**
 * Reads all metadata of a container whose chunks are whole, and compares the lengths of parts that it names with what the frames declare. Nothing is decompressed
 * but the metadata.
 *
 * @throws FormatError `METADATA_CHECKSUM`, `METADATA_BLOCK`
 */
export async function verifyMetadata({ container, mapping, metadata }: DocumentReader): Promise<void> {
  if (metadata === undefined) return;
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
}
