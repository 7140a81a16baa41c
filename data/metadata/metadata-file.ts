import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AtomicFile, CemError, FormatError, StoredFile } from '../../base/index.ts';
import { createDecompressor, type Decompressor } from '../../zpkg/index.ts';
import type { DocumentRecord } from './document-record.ts';
import { decodeBlock } from './metadata-block.ts';
import {
  type BlockEntry,
  blockError,
  checkChecksum,
  decodeDirectory,
  decodeHeader,
  directorySize,
  encodeMetadata,
  layoutError,
  METADATA_HEADER_SIZE,
  type MetadataOwner,
  type SectionToWrite,
} from './metadata-format.ts';

/** A reader refuses a block that declares more content. */
const LARGEST_BLOCK = 1 << 25;
/** Blocks that stay decoded: those of a corpus that is read in order, and of the results of a search. */
const KEPT_BLOCKS = 8;

/** Where the metadata of a container lies, when it has some. */
export function metadataPathOf(zpkgPath: string): string {
  return `${zpkgPath}.meta`;
}

/** Where it lies until its container has appeared, as `nextMappingPathOf`. */
export function nextMetadataPathOf(zpkgPath: string): string {
  return `${metadataPathOf(zpkgPath)}.next`;
}

export interface MetadataFileOptions {
  /** The dictionary of the container that the metadata belongs to. */
  readonly dictionary: Uint8Array;
  /** Id of a document by its number in the mapping. */
  readonly idOf: (document: number) => string;
  /** Content of a block that is still read, in bytes. */
  readonly largestBlock?: number;
}

/** The metadata of one container, opened. What a record needs is one block: read, decompressed and decoded when it is asked for. Safe for concurrent use. */
export class MetadataFile {
  readonly path: string;
  readonly owner: MetadataOwner;
  /** False: the file says that nothing is known, and counts as none. */
  readonly hasRecords: boolean;
  /** Bytes on disk. */
  readonly size: number;
  readonly #file: StoredFile;
  readonly #blocks: readonly BlockEntry[];
  /** [blocks + 1] the first document of each. */
  readonly #firsts: readonly number[];
  readonly #decompressor: Decompressor;
  readonly #idOf: (document: number) => string;
  /** In the order of their last use. */
  readonly #kept = new Map<number, Promise<readonly DocumentRecord[]>>();

  private constructor(
    file: StoredFile,
    owner: MetadataOwner,
    blocks: readonly BlockEntry[] | undefined,
    options: MetadataFileOptions,
  ) {
    this.path = file.path;
    this.size = file.size;
    this.owner = owner;
    this.hasRecords = blocks !== undefined;
    this.#file = file;
    this.#blocks = blocks ?? [];
    const firsts = [0];
    for (const { count } of this.#blocks) firsts.push(firsts.at(-1)! + count);
    this.#firsts = firsts;
    this.#decompressor = createDecompressor(options.dictionary, { maximumContent: options.largestBlock ?? LARGEST_BLOCK });
    this.#idOf = options.idOf;
  }

  /**
   * @throws CemError `FILE_OPEN`
   * @throws FormatError `ZPKG_TRUNCATED`, `METADATA_MAGIC`, `METADATA_VERSION`, `METADATA_CHECKSUM`, `METADATA_FLAGS`, `METADATA_SECTION`, `METADATA_LAYOUT`
   */
  static async open(path: string, options: MetadataFileOptions): Promise<MetadataFile> {
    const file = await StoredFile.open(path);
    try {
      const header = decodeHeader(await file.read(0, METADATA_HEADER_SIZE), path);
      const size = directorySize(header);
      if (METADATA_HEADER_SIZE + size > file.size)
        throw layoutError(path, 24, `its directory would end at byte ${METADATA_HEADER_SIZE + size}, the file has ${file.size}`);
      const directory = await file.read(METADATA_HEADER_SIZE, size);
      const [documents] = decodeDirectory(directory, header, file.size, path);
      return new MetadataFile(file, header, documents?.blocks, options);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get blockCount(): number {
    return this.#blocks.length;
  }

  /**
   * The record of a document by its number in the mapping.
   *
   * @throws FormatError `METADATA_CHECKSUM`, `METADATA_BLOCK`
   */
  async record(document: number): Promise<DocumentRecord> {
    let [low, high] = [0, this.#blocks.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#firsts[middle]! <= document) low = middle;
      else high = middle;
    }
    return (await this.#block(low))[document - this.#firsts[low]!]!;
  }

  /** All records in order; throws as `record`. */
  async *records(): AsyncGenerator<DocumentRecord> {
    for (let block = 0; block < this.#blocks.length; block++) yield* await this.#block(block);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #block(number: number): Promise<readonly DocumentRecord[]> {
    const records = this.#kept.get(number) ?? this.#readBlock(number);
    this.#kept.delete(number);
    this.#kept.set(number, records);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_BLOCKS) break;
      this.#kept.delete(oldest);
    }
    return records;
  }

  async #readBlock(number: number): Promise<readonly DocumentRecord[]> {
    const { position, size, count, checksum } = this.#blocks[number]!;
    const { path } = this;
    const frame = await this.#file.read(position, size);
    checkChecksum(frame, checksum, position, path);
    let content: Uint8Array;
    try {
      content = this.#decompressor.decompress(frame);
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw blockError(path, position, cause.message);
    }
    const first = this.#firsts[number]!;
    return decodeBlock(
      content,
      count,
      (index) => this.#idOf(first + index),
      (wrong) => blockError(path, position, wrong),
    );
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
 * @returns undefined when there is none; a file without records when that was being said
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
 * @param hasRecords when false, there is no metadata from now on
 */
export async function settleMetadata(zpkgPath: string, hasRecords: boolean): Promise<void> {
  if (hasRecords) await rename(nextMetadataPathOf(zpkgPath), metadataPathOf(zpkgPath));
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
    (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
  );
}
