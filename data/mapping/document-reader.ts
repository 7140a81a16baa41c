import { type ByteSpan, CemError, FormatError, type TermCounts } from '../../base/index.ts';
import type { ChunkSource } from '../../encoders/index.ts';
import { contentSize, ZpkgReader, type ZpkgReaderOptions } from '../../zpkg/index.ts';
import { chunkSpan, type DocumentRecord, EMPTY_RECORD } from '../metadata/document-record.ts';
import type { Metadata } from '../metadata/metadata.ts';
import { findMetadata, type MetadataFile, nextMetadataPathOf, settleMetadata } from '../metadata/metadata-file.ts';
import { blockError } from '../metadata/metadata-format.ts';
import type { AnalyzerDescription } from '../metadata/term-analyzer.ts';
import { type ChunkRange, Mapping, mappingPathOf, nextMappingPathOf, settleMapping } from './mapping.ts';

export interface DocumentReaderOptions extends ZpkgReaderOptions {
  /** Where the mapping lies; `<zpkg>.map` by default. */
  readonly mappingPath?: string;
}

/**
 * A container, its mapping and its metadata, where there is some: documents by id. Decompresses texts only in `documentById` and `chunkText`; what an encoder needs (`ChunkSource`) stays compressed.
 * Safe for concurrent use.
 */
export class DocumentReader implements ChunkSource {
  readonly container: ZpkgReader;
  readonly mapping: Mapping;
  /** Undefined when nothing is known of the documents but their ids and texts, and each chunk is its own one passage. */
  readonly metadata: MetadataFile | undefined;

  /** Who has it open. */
  #holders = 1;

  private constructor(container: ZpkgReader, mapping: Mapping, metadata: MetadataFile | undefined) {
    this.container = container;
    this.mapping = mapping;
    this.metadata = metadata;
  }

  /**
   * @throws as `ZpkgReader.open`, `Mapping.open` and `MetadataFile.open`; FormatError `MAPPING_MISMATCH`, `METADATA_MISMATCH` when one was written for another
   * container
   */
  static async open(zpkgPath: string, options: DocumentReaderOptions = {}): Promise<DocumentReader> {
    const container = await ZpkgReader.open(zpkgPath, options);
    try {
      const mapping =
        options.mappingPath === undefined
          ? await findMapping(zpkgPath, container)
          : await openMapping(options.mappingPath, container);
      const metadata = await metadataOf(zpkgPath, container, mapping);
      if (metadata?.isEmpty !== true) return new DocumentReader(container, mapping, metadata);
      await metadata.close();
      return new DocumentReader(container, mapping, undefined);
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

  /**
   * What is known of a document; undefined when nothing is.
   *
   * @throws CemError `MAPPING_UNKNOWN_ID`; FormatError `METADATA_CHECKSUM`, `METADATA_BLOCK`
   */
  async documentMetadata(id: string): Promise<Metadata | undefined> {
    const { metadata } = await this.record(id);
    return Object.keys(metadata).length === 0 ? undefined : metadata;
  }

  /** What the side file has of a document; an empty record when there is no file. */
  async record(id: string): Promise<DocumentRecord> {
    const document = this.mapping.numberOf(id);
    return (await this.metadata?.record(document)) ?? EMPTY_RECORD;
  }

  /**
   * What is known of a chunk: of its document, with the span of the source's text that the chunk itself holds, or one of its passages. Nothing of the text is decompressed.
   * Undefined when nothing is known of the corpus' documents.
   *
   * @param passage its number within the chunk, from 0; by default the whole chunk
   * @throws CemError `ZPKG_CHUNK_RANGE`, `PASSAGE_RANGE`; FormatError `METADATA_CHECKSUM`, `METADATA_BLOCK`; as `compressedChunk`
   */
  async metadataOf(chunk: number, passage?: number): Promise<Metadata | undefined> {
    const document = this.mapping.documentNumberOf(chunk);
    const record = await this.metadata?.record(document);
    if (record === undefined) return undefined;
    const within = passage === undefined ? undefined : await this.#passage(chunk, passage);
    const { first, count } = this.mapping.chunksAt(document);
    const contentBytes = count === 1 && within === undefined ? contentSize(await this.compressedChunk(chunk)) : 0;
    return { ...record.metadata, span: chunkSpan(record, chunk - first, contentBytes, within) };
  }

  /**
   * The passages of a chunk as spans of its content, which they tile, each beginning where the one before it ends or somewhat earlier. Undefined when the chunk is its own one passage.
   * Nothing of the text is decompressed.
   *
   * @throws CemError `ZPKG_CHUNK_RANGE`; FormatError `METADATA_CHECKSUM`, `METADATA_BLOCK`; as `compressedChunk`
   */
  async passagesOf(chunk: number): Promise<readonly ByteSpan[] | undefined> {
    this.container.chunkSize(chunk);
    const passages = await this.metadata?.passages(chunk);
    if (passages === undefined) return undefined;
    checkPassages(this.metadata!.path, chunk, passages, contentSize(await this.compressedChunk(chunk)));
    return passages;
  }

  /** Which analyzer made the terms; undefined when the container has none. */
  get termAnalyzer(): AnalyzerDescription | undefined {
    return this.metadata?.analyzer;
  }

  /**
   * The terms of each of a chunk's passages, in order; one where the chunk is its own one passage. Undefined when the container has none. Nothing of the text is decompressed.
   *
   * @throws CemError `ZPKG_CHUNK_RANGE`; FormatError `METADATA_CHECKSUM`, `METADATA_BLOCK`
   */
  async termsOf(chunk: number): Promise<readonly TermCounts[] | undefined> {
    this.container.chunkSize(chunk);
    const terms = await this.metadata?.terms(chunk);
    if (terms !== undefined) checkTerms(this.metadata!.path, chunk, terms, await this.metadata!.passages(chunk));
    return terms;
  }

  /** Undefined when it is the whole chunk. */
  async #passage(chunk: number, passage: number): Promise<ByteSpan | undefined> {
    const passages = await this.passagesOf(chunk);
    const found = passages?.[passage];
    if (found !== undefined || (passages === undefined && passage === 0)) return found;
    throw new CemError(
      'PASSAGE_RANGE',
      `chunk ${chunk} of ${this.container.path} has no passage ${passage}: its passages are 0 to ${(passages?.length ?? 1) - 1}`,
      { details: { path: this.container.path, chunk, passage } },
    );
  }

  /** The same for another one, who closes it as well; undefined where it is closed. */
  share(): DocumentReader | undefined {
    if (this.#holders === 0) return undefined;
    this.#holders++;
    return this;
  }

  /** Closes the files when nobody has it open any more. */
  async close(): Promise<void> {
    if (this.#holders === 0 || --this.#holders > 0) return;
    await this.container.close();
    await this.metadata?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Whether passages tile a chunk's content to its end; how they follow each other was seen when they were decoded.
 *
 * @param path of the metadata
 * @throws FormatError `METADATA_BLOCK`
 */
export function checkPassages(path: string, chunk: number, passages: readonly ByteSpan[], contentBytes: number): void {
  const end = passages.at(-1)!.end;
  if (end === contentBytes) return;
  throw blockError(path, 0, `the passages of chunk ${chunk} have ${end} bytes, and it has ${contentBytes} in the container`);
}

/**
 * Whether a chunk has terms of as many passages as it has.
 *
 * @param path of the metadata
 * @throws FormatError `METADATA_BLOCK`
 */
export function checkTerms(
  path: string,
  chunk: number,
  terms: readonly TermCounts[],
  passages: readonly ByteSpan[] | undefined,
): void {
  const count = passages?.length ?? 1;
  if (terms.length === count) return;
  throw blockError(path, 0, `chunk ${chunk} has terms of ${terms.length} passages, and ${count} passages`);
}

/** Ends what a killed pack left undone: files in the place of the next ones go where they belong if the container that stands there is their own. */
export async function settleLeftFiles(zpkgPath: string): Promise<void> {
  const reader = await DocumentReader.open(zpkgPath).catch(() => undefined);
  if (reader === undefined) return;
  const metadata = await metadataOf(zpkgPath, reader.container, reader.mapping).catch(() => undefined);
  await metadata?.close();
  await reader.close();
  if (reader.mapping.path === nextMappingPathOf(zpkgPath)) await settleMapping(zpkgPath);
  if (metadata?.path === nextMetadataPathOf(zpkgPath)) await settleMetadata(zpkgPath, !metadata.isEmpty);
}

/** The metadata file that belongs to a container and its mapping, also one that says that nothing is known. */
function metadataOf(zpkgPath: string, container: ZpkgReader, mapping: Mapping): Promise<MetadataFile | undefined> {
  const { documentCount, chunkCount, fingerprint, checksum: mappingChecksum } = mapping;
  return findMetadata(
    zpkgPath,
    { documentCount, chunkCount, fingerprint, mappingChecksum },
    { dictionary: container.dictionary, idOf: (document) => mapping.idAt(document) },
  );
}

/** The container's mapping, which a pack that was killed left in the place of the next one. */
async function findMapping(zpkgPath: string, container: ZpkgReader): Promise<Mapping> {
  try {
    return await openMapping(mappingPathOf(zpkgPath), container);
  } catch (error) {
    if (!(error instanceof CemError) || !['FILE_OPEN', 'MAPPING_MISMATCH'].includes(error.code)) throw error;
    return openMapping(nextMappingPathOf(zpkgPath), container).catch(() => {
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
