import type { ChunkSource } from '../model/encoders/encoder.ts';
import { FormatError, ZpkgReader, type ZpkgReaderOptions } from '../zpkg/index.ts';
import { type ChunkRange, Mapping, mappingPathOf } from './mapping.ts';

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
    const mappingPath = options.mappingPath ?? mappingPathOf(zpkgPath);
    const container = await ZpkgReader.open(zpkgPath, options);
    try {
      const mapping = await Mapping.open(mappingPath);
      if (mapping.fingerprint !== container.fingerprint || mapping.chunkCount !== container.chunkCount) {
        throw new FormatError(
          'MAPPING_MISMATCH',
          `${mappingPath} was written for another container than ${zpkgPath}: pack the corpus again`,
          {
            details: { path: mappingPath, container: zpkgPath },
          },
        );
      }
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
