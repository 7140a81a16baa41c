import { stat } from 'node:fs/promises';
import { ZpkgReader } from '../../zpkg/index.ts';
import { mappingPathOf } from '../mapping/mapping.ts';
import { metadataPathOf } from '../metadata/metadata-file.ts';

/** 1 - (container with its dictionary and index + mapping + metadata) / UTF-8 bytes of the texts; 0 when the corpus holds no text. Nothing is decompressed. */
export async function corpusSaving(zpkgPath: string): Promise<number> {
  const reader = await ZpkgReader.open(zpkgPath);
  try {
    const { fileBytes, contentBytes } = await reader.statistics();
    const mapping = await stat(mappingPathOf(zpkgPath));
    const metadataBytes = await stat(metadataPathOf(zpkgPath)).then(
      ({ size }) => size,
      () => 0,
    );
    return contentBytes === 0 ? 0 : 1 - (fileBytes + mapping.size + metadataBytes) / contentBytes;
  } finally {
    await reader.close();
  }
}
