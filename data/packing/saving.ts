import { stat } from 'node:fs/promises';
import { ZpkgReader } from '../../zpkg/index.ts';
import { mappingPathOf } from '../mapping/mapping.ts';

/** 1 - (container with its dictionary and index + mapping) / UTF-8 bytes of the texts; 0 when the corpus holds no text. Nothing is decompressed. */
export async function corpusSaving(zpkgPath: string): Promise<number> {
  const reader = await ZpkgReader.open(zpkgPath);
  try {
    const { fileBytes, contentBytes } = await reader.statistics();
    const mapping = await stat(mappingPathOf(zpkgPath));
    return contentBytes === 0 ? 0 : 1 - (fileBytes + mapping.size) / contentBytes;
  } finally {
    await reader.close();
  }
}
