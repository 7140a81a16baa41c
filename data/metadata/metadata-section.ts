import { FormatError, type RandomAccessFile } from '../../base/index.ts';
import type { Decompressor } from '../../zpkg/index.ts';
import { type BlockEntry, blockError, checkChecksum, sectionSize } from './metadata-format.ts';

/** Blocks that stay decoded: those of a corpus that is read in order, and of the results of a search. */
const KEPT_BLOCKS = 8;

/** What a block holds: `count` of what its section counts, from `first` on. */
export interface BlockRange {
  readonly first: number;
  readonly count: number;
}

/** One section of a metadata file. Its blocks are read, decompressed and decoded when they are asked for. Safe for concurrent use. */
export class MetadataSection<Block> {
  readonly #file: RandomAccessFile;
  readonly #blocks: readonly BlockEntry[];
  /** [blocks + 1] the number of the first that each holds. */
  readonly #firsts: readonly number[];
  readonly #decompressor: Decompressor;
  readonly #decode: (content: Uint8Array, range: BlockRange, fail: (wrong: string) => FormatError) => Block;
  /** In the order of their last use. */
  readonly #kept = new Map<number, Promise<Block>>();

  /** @param decode gets a block's content; `fail` makes the error for what is wrong with it */
  constructor(
    file: RandomAccessFile,
    blocks: readonly BlockEntry[],
    decompressor: Decompressor,
    decode: (content: Uint8Array, range: BlockRange, fail: (wrong: string) => FormatError) => Block,
  ) {
    this.#file = file;
    this.#blocks = blocks;
    this.#decompressor = decompressor;
    this.#decode = decode;
    const firsts = [0];
    for (const { count } of blocks) firsts.push(firsts.at(-1)! + count);
    this.#firsts = firsts;
  }

  get blockCount(): number {
    return this.#blocks.length;
  }

  /** What the section takes in the file. */
  get bytes(): number {
    return sectionSize(this.#blocks);
  }

  /**
   * The block that holds what has this number, and its place there.
   *
   * @throws FormatError `METADATA_CHECKSUM`, `METADATA_BLOCK`
   */
  async find(number: number): Promise<{ readonly block: Block; readonly index: number }> {
    let [low, high] = [0, this.#blocks.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#firsts[middle]! <= number) low = middle;
      else high = middle;
    }
    return { block: await this.#block(low), index: number - this.#firsts[low]! };
  }

  /** All blocks in order; throws as `find`. */
  async *blocks(): AsyncGenerator<{ readonly block: Block; readonly count: number }> {
    for (const [number, { count }] of this.#blocks.entries()) yield { block: await this.#block(number), count };
  }

  #block(number: number): Promise<Block> {
    const block = this.#kept.get(number) ?? this.#readBlock(number);
    this.#kept.delete(number);
    this.#kept.set(number, block);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_BLOCKS) break;
      this.#kept.delete(oldest);
    }
    return block;
  }

  async #readBlock(number: number): Promise<Block> {
    const { position, size, count, checksum } = this.#blocks[number]!;
    const { path } = this.#file;
    const frame = await this.#file.read(position, size);
    checkChecksum(frame, checksum, position, path);
    let content: Uint8Array;
    try {
      content = this.#decompressor.decompress(frame);
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw blockError(path, position, cause.message);
    }
    return this.#decode(content, { first: this.#firsts[number]!, count }, (wrong) => blockError(path, position, wrong));
  }
}
