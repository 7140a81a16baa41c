import { crc32 } from 'node:zlib';

/**
 * Makes the checksums of a container right again after its bytes were changed, as far as its header still says where they lie: so that what is wrong
 * is found by the checks behind the checksums. Follows FORMAT.md by itself, without the project's reader.
 */
export function repairChecksums(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 32) return bytes;
  const repaired = Buffer.from(bytes);
  const wide = (repaired.readUInt16LE(6) & 1) !== 0;
  const width = wide ? 8 : 4;
  const indexOffset = Number(repaired.readBigUInt64LE(8));
  const count = repaired.readUInt32LE(16);
  const chunksStart = 32 + repaired.readUInt32LE(20);
  if (chunksStart <= repaired.length) repaired.writeUInt32LE(crc32(repaired.subarray(32, chunksStart)), 24);
  const checksumsStart = indexOffset + width * count;
  const indexEnd = checksumsStart + 4 * count;
  if (indexOffset >= chunksStart && indexEnd + 4 <= repaired.length) {
    const offsetOf = (chunk: number): number => {
      if (chunk === count) return indexOffset - chunksStart;
      const position = indexOffset + width * chunk;
      return wide ? Number(repaired.readBigUInt64LE(position)) : repaired.readUInt32LE(position);
    };
    for (let chunk = 0; chunk < count; chunk++) {
      const start = chunksStart + offsetOf(chunk);
      const end = chunksStart + offsetOf(chunk + 1);
      if (start < end && end <= indexOffset)
        repaired.writeUInt32LE(crc32(repaired.subarray(start, end)), checksumsStart + 4 * chunk);
    }
    repaired.writeUInt32LE(crc32(repaired.subarray(indexOffset, indexEnd)), indexEnd);
  }
  repaired.writeUInt32LE(crc32(repaired.subarray(0, 28)), 28);
  return repaired;
}
