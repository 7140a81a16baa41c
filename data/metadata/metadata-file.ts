import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  AtomicFile,
  type ByteSpan,
  besidePath,
  CemError,
  FormatError,
  openRandomAccess,
  type RandomAccessFile,
  type TermCounts,
  windowsOf,
} from '../../base/index.ts';
import { createDecompressor } from '../../zpkg/index.ts';
import type { DocumentRecord } from './document-record.ts';
import { decodeBlock } from './metadata-block.ts';
import {
  ANALYZER_SECTION,
  DOCUMENTS_SECTION,
  decodeDirectory,
  decodeHeader,
  directorySize,
  encodeMetadata,
  LARGEST_BLOCK,
  layoutError,
  METADATA_HEADER_SIZE,
  type MetadataOwner,
  PASSAGES_SECTION,
  type SectionEntry,
  type SectionToWrite,
  TERMS_SECTION,
} from './metadata-format.ts';
import { MetadataSection } from './metadata-section.ts';
import { decodePassages, type PassagesBlock } from './passages-block.ts';
import { type AnalyzerDescription, decodeAnalyzer } from './term-analyzer.ts';
import { decodeTerms, type TermsBlock } from './terms-block.ts';

/** Where the metadata of a container lies, when it has some. */
export function metadataPathOf(zpkgPath: string): string {
  return besidePath(zpkgPath, '.meta');
}

/** Where it lies until its container has appeared, as `nextMappingPathOf`. */
export function nextMetadataPathOf(zpkgPath: string): string {
  return besidePath(zpkgPath, '.meta.next');
}

export interface MetadataFileOptions {
  /** The dictionary of the container that the metadata belongs to. */
  readonly dictionary: Uint8Array;
  /** Id of a document by its number in the mapping. */
  readonly idOf: (document: number) => string;
  /** Content of a block that is still read, in bytes. */
  readonly largestBlock?: number;
}

/** The metadata of one container, opened. What a record, or a chunk's passages or terms, need is one block: read, decompressed and decoded when it is asked for. Safe for concurrent use. */
export class MetadataFile {
  readonly path: string;
  readonly owner: MetadataOwner;
  /** Bytes on disk. */
  readonly size: number;
  readonly #file: RandomAccessFile;
  readonly #documents: MetadataSection<readonly DocumentRecord[]> | undefined;
  readonly #passages: MetadataSection<PassagesBlock> | undefined;
  readonly #terms: MetadataSection<TermsBlock> | undefined;
  readonly #analyzer: MetadataSection<AnalyzerDescription> | undefined;
  #settings: AnalyzerDescription | undefined;

  private constructor(
    file: RandomAccessFile,
    owner: MetadataOwner,
    sections: readonly SectionEntry[],
    options: MetadataFileOptions,
  ) {
    this.path = file.path;
    this.size = file.size;
    this.owner = owner;
    this.#file = file;
    const decompressor = createDecompressor(options.dictionary, { maximumContent: options.largestBlock ?? LARGEST_BLOCK });
    const [documents, passages, terms, analyzer] = [DOCUMENTS_SECTION, PASSAGES_SECTION, TERMS_SECTION, ANALYZER_SECTION].map(
      (kind) => sections.find((one) => one.kind === kind),
    );
    this.#documents =
      documents &&
      new MetadataSection(file, documents.blocks, decompressor, (content, { first, count }, fail) =>
        decodeBlock(content, count, (index) => options.idOf(first + index), fail),
      );
    this.#passages =
      passages &&
      new MetadataSection(file, passages.blocks, decompressor, (content, { count }, fail) =>
        decodePassages(content, count, fail),
      );
    this.#terms =
      terms &&
      new MetadataSection(file, terms.blocks, decompressor, (content, { count }, fail) => decodeTerms(content, count, fail));
    this.#analyzer =
      analyzer && new MetadataSection(file, analyzer.blocks, decompressor, (content, _, fail) => decodeAnalyzer(content, fail));
  }

  /**
   * @throws CemError `FILE_OPEN`
   * @throws FormatError `ZPKG_TRUNCATED`, `METADATA_MAGIC`, `METADATA_VERSION`, `METADATA_CHECKSUM`, `METADATA_FLAGS`, `METADATA_SECTION`, `METADATA_LAYOUT`, `METADATA_BLOCK`
   */
  static async open(metadataPath: string, options: MetadataFileOptions): Promise<MetadataFile> {
    const file = await openRandomAccess(metadataPath);
    const { path } = file;
    try {
      const header = decodeHeader(await file.read(0, METADATA_HEADER_SIZE), path);
      const size = directorySize(header);
      if (METADATA_HEADER_SIZE + size > file.size)
        throw layoutError(path, 24, `its directory would end at byte ${METADATA_HEADER_SIZE + size}, the file has ${file.size}`);
      const directory = await file.read(METADATA_HEADER_SIZE, size);
      const metadata = new MetadataFile(file, header, decodeDirectory(directory, header, file.size, path), options);
      metadata.#settings = (await metadata.#analyzer?.find(0))?.block;
      return metadata;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Whether something is known of documents. */
  get hasRecords(): boolean {
    return this.#documents !== undefined;
  }

  /** Whether a chunk has several passages. */
  get hasPassages(): boolean {
    return this.#passages !== undefined;
  }

  /** The file says that nothing is known, and counts as none. */
  get isEmpty(): boolean {
    return !this.hasRecords && !this.hasPassages && this.#terms === undefined;
  }

  /** Blocks of documents. */
  get blockCount(): number {
    return this.#documents?.blockCount ?? 0;
  }

  /** Bytes that the passages take in the file; 0 when there are none. */
  get passageBytes(): number {
    return this.#passages?.bytes ?? 0;
  }

  /** Which analyzer made the terms; undefined when there are none. */
  get analyzer(): AnalyzerDescription | undefined {
    return this.#settings;
  }

  /** Bytes that terms and their analyzer take in the file; 0 when there are none. */
  get termBytes(): number {
    return (this.#terms?.bytes ?? 0) + (this.#analyzer?.bytes ?? 0);
  }

  /**
   * The record of a document by its number in the mapping; undefined when nothing is known of documents.
   *
   * @throws FormatError `METADATA_CHECKSUM`, `METADATA_BLOCK`
   */
  async record(document: number): Promise<DocumentRecord | undefined> {
    const found = await this.#documents?.find(document);
    return found?.block[found.index];
  }

  /** All records in order; throws as `record`. */
  async *records(): AsyncGenerator<DocumentRecord> {
    for await (const { block } of this.#documents?.blocks() ?? []) yield* block;
  }

  /** The passages of a chunk of the container, spans of its content; undefined when it is its own one passage. Throws as `record`. */
  async passages(chunk: number): Promise<readonly ByteSpan[] | undefined> {
    const found = await this.#passages?.find(chunk);
    return found?.block.passagesOf(found.index);
  }

  /** Those of all chunks in order, or nothing when each chunk is its own one passage. Throws as `record`. */
  async *allPassages(): AsyncGenerator<readonly ByteSpan[] | undefined> {
    for await (const { block, count } of this.#passages?.blocks() ?? [])
      for (let index = 0; index < count; index++) yield block.passagesOf(index);
  }

  /** The terms of each passage of a chunk of the container; undefined when there are none. Throws as `record`. */
  async terms(chunk: number): Promise<readonly TermCounts[] | undefined> {
    const found = await this.#terms?.find(chunk);
    return found?.block.termsOf(found.index);
  }

  /** Those of all chunks in order, or nothing when there are none. Throws as `record`. */
  async *allTerms(): AsyncGenerator<readonly TermCounts[]> {
    for await (const { block, count } of this.#terms?.blocks() ?? [])
      for (let index = 0; index < count; index++) yield block.termsOf(index);
  }

  /** The bytes of its file. Throws as `RandomAccessFile.read`. */
  content(): AsyncGenerator<Uint8Array> {
    return windowsOf(this.#file);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/**
 * Writes the metadata of a container, atomically.
 *
 * @param sections of `MetadataBuilder.finish`; none: that nothing is known
 * @returns size of the file in bytes
 * @throws CemError `FILE_CREATE`, `FILE_WRITE`
 */
export async function writeMetadata(path: string, owner: MetadataOwner, sections: readonly SectionToWrite[]): Promise<number> {
  const file = await AtomicFile.create(path);
  try {
    for (const piece of encodeMetadata(owner, sections)) await file.append(piece);
    await file.commit();
    return file.size;
  } catch (error) {
    await file.abort();
    throw error;
  }
}

/**
 * The metadata that was written for a container and its mapping, which a pack that was killed left in the place of the next one.
 *
 * @returns undefined when there is none; an empty file when that was being said
 * @throws FormatError `METADATA_MISMATCH` when there is one of another container only; as `MetadataFile.open`
 */
export async function findMetadata(
  zpkgPath: string,
  owner: MetadataOwner,
  options: MetadataFileOptions,
): Promise<MetadataFile | undefined> {
  const path = metadataPathOf(zpkgPath);
  const file = await MetadataFile.open(path, options).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (file !== undefined && isOwner(file.owner, owner)) return file;
  await file?.close();
  const next = await MetadataFile.open(nextMetadataPathOf(zpkgPath), options).catch(() => undefined);
  if (next !== undefined && isOwner(next.owner, owner)) return next;
  await next?.close();
  if (file === undefined) return undefined;
  throw new FormatError(
    'METADATA_MISMATCH',
    `${path} was written for another container than ${zpkgPath}: pack the corpus again, or remove the file to go on without metadata`,
    { details: { path, container: zpkgPath } },
  );
}

/**
 * Puts the metadata that was written to `nextMetadataPathOf` in its place, durably, after its container and mapping have taken theirs.
 *
 * @param hasMetadata when false, there is no metadata from now on
 */
export async function settleMetadata(zpkgPath: string, hasMetadata: boolean): Promise<void> {
  if (hasMetadata) await rename(nextMetadataPathOf(zpkgPath), metadataPathOf(zpkgPath));
  else {
    // In this order: as long as the old one is there, the next one says that it counts no more.
    await rm(metadataPathOf(zpkgPath), { force: true });
    await rm(nextMetadataPathOf(zpkgPath), { force: true });
  }
  const folder = await open(dirname(zpkgPath), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isOwner(a: MetadataOwner, b: MetadataOwner): boolean {
  return (
    a.fingerprint === b.fingerprint &&
    a.mappingChecksum === b.mappingChecksum &&
    a.documentCount === b.documentCount &&
    a.chunkCount === b.chunkCount
  );
}

function isMissing(error: unknown): boolean {
  return (
    error instanceof CemError &&
    error.code === 'FILE_OPEN' &&
    ((error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT' || error.details['missing'] === true)
  );
}
