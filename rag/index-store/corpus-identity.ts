import { createHash } from 'node:crypto';
import { type PackedCorpus, SegmentedCorpus } from '../../data/index.ts';

/**
 * One hash for the content of a container, its mapping and its metadata, when it has some: the dictionary, the container's fingerprint (a checksum over the places and
 * checksums of all its chunks) and the bytes of the other files. The chunks themselves are not read. A folder of segments has a name for what it holds.
 */
export async function corpusIdentity(reader: PackedCorpus): Promise<string> {
  if (reader instanceof SegmentedCorpus) return reader.state;
  const hash = createHash('sha256');
  hash.update(`${reader.container.fingerprint} ${reader.chunkCount} ${reader.dictionary.length}\n`);
  hash.update(reader.dictionary);
  for await (const bytes of reader.mapping.content()) hash.update(bytes);
  for await (const bytes of reader.metadata?.content() ?? []) hash.update(bytes);
  return hash.digest('hex');
}
