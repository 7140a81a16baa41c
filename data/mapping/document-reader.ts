import { CemError, FormatError } from '../../base/index.ts';
import type { ChunkSource } from '../../encoders/index.ts';
import { ZpkgReader, type ZpkgReaderOptions } from '../../zpkg/index.ts';
import { type ChunkRange, Mapping, mappingPathOf, nextMappingPathOf, settleMapping } from './mapping.ts';

export interface DocumentReaderOptions extends ZpkgReaderOptions {
  /** Where the mapping lies; `<zpkg>.map` by default. */
  readonly mappingPath?: string;
}

/**
 * A container and its mapping: documents by id. Decompresses only in `documentById` and `chunkText`; what an encoder needs (`ChunkSource`) stays compressed.
 * Safe for concurrent use.
 */
export class DocumentReader implements ChunkSource {
  readonly container: ZpkgReader;
  readonly mapping: Mapping;

  private constructor(container: ZpkgReader, mapping: Mapping) {
    this.container = container;
    this.mapping = mapping;
  }

  /** @throws as `ZpkgReader.open` and `Mapping.open`; FormatError `MAPPING_MISMATCH` when the mapping was written for another container */
  static async open(zpkgPath: string, options: DocumentReaderOptions = {}): Promise<DocumentReader> {
    const container = await ZpkgReader.open(zpkgPath, options);
    try {
      const mapping =
        options.mappingPath === undefined ? await findMapping(container) : await openMapping(options.mappingPath, container);
      return new DocumentReader(container, mapping);
    } catch (error) {
      await container.close();
      throw error;
    }
  }

  get dictionary(): Uint8Array {
    return this.container.dictionary;
  }

  get documentCount(): number {
    return this.mapping.documentCount;
  }

  get chunkCount(): number {
    return this.container.chunkCount;
  }

  /** Ids in the order of the corpus. */
  ids(): Iterable<string> {
    return this.mapping.ids();
  }

  chunkRange(id: string): ChunkRange {
    return this.mapping.chunks(id);
  }

  chunksOf(id: string): readonly number[] {
    const { first, count } = this.mapping.chunks(id);
    return Array.from({ length: count }, (_, number) => first + number);
  }

  documentOf(chunk: number): string {
    return this.mapping.documentOf(chunk);
  }

  compressedChunk(chunk: number): Promise<Uint8Array> {
    return this.container.compressedChunk(chunk);
  }

  /** Text of one chunk, decompressed. Throws as `ZpkgReader.chunk`. */
  async chunkText(chunk: number): Promise<string> {
    return Buffer.from(await this.container.chunk(chunk)).toString('utf8');
  }

  /** Text of a document, decompressed: its chunks joined. Throws as `chunksOf` and `ZpkgReader.chunk`. */
  async documentById(id: string): Promise<string> {
    return (await Promise.all(this.chunksOf(id).map((chunk) => this.chunkText(chunk)))).join('');
  }

  async close(): Promise<void> {
    await this.container.close();
  }
}

/** Ends what a killed pack left undone: a mapping in the place of the next one goes where it belongs if the container that stands there is its own. */
export async function settleLeftMapping(zpkgPath: string): Promise<void> {
  const reader = await DocumentReader.open(zpkgPath).catch(() => undefined);
  if (reader === undefined) return;
  await reader.close();
  if (reader.mapping.path === nextMappingPathOf(zpkgPath)) await settleMapping(zpkgPath);
}

/** The container's mapping, which a pack that was killed left in the place of the next one. */
async function findMapping(container: ZpkgReader): Promise<Mapping> {
  try {
    return await openMapping(mappingPathOf(container.path), container);
  } catch (error) {
    if (!(error instanceof CemError) || !['FILE_OPEN', 'MAPPING_MISMATCH'].includes(error.code)) throw error;
    return openMapping(nextMappingPathOf(container.path), container).catch(() => {
      throw error;
    });
  }
}

async function openMapping(path: string, container: ZpkgReader): Promise<Mapping> {
  const mapping = await Mapping.open(path);
  if (mapping.fingerprint === container.fingerprint && mapping.chunkCount === container.chunkCount) return mapping;
  throw new FormatError(
    'MAPPING_MISMATCH',
    `${path} was written for another container than ${container.path}: pack the corpus again`,
    { details: { path, container: container.path } },
  );
}
