import type { ByteSpan } from '../../base/index.ts';
import { type Compressor, createCompressor } from '../../zpkg/index.ts';
import { MOST_IN_BLOCK, PASSAGES_SECTION, type SectionToWrite, sectionSize } from './metadata-format.ts';
import { encodePassages } from './passages-block.ts';

/** A block ends when it has so many passages: little to decode for one chunk, and enough to compress well. */
const BLOCK_PASSAGES = 1 << 14;
/** Written once, read often. */
const LEVEL = 19;

/** Gathers the passages of a container's chunks in order, and compresses them block by block. */
export class PassagesBuilder {
  readonly #compressor: Compressor;
  readonly #blocks: { frame: Uint8Array; count: number }[] = [];
  #chunks: (readonly ByteSpan[] | undefined)[] = [];
  /** Of `#chunks`. */
  #waiting = 0;
  #passages = 0;
  #several = false;

  /** @param dictionary of the container that has the chunks */
  constructor(dictionary: Uint8Array) {
    this.#compressor = createCompressor({ level: LEVEL, dictionary });
  }

  /** @param passages of the next chunk: spans that tile its content, each beginning where the one before it ends or somewhat earlier; undefined, or none, when it is its own one passage */
  add(passages: readonly ByteSpan[] | undefined): void {
    const count = Math.max(1, passages?.length ?? 1);
    if (this.#chunks.length === MOST_IN_BLOCK || (this.#waiting > 0 && this.#waiting + count > BLOCK_PASSAGES)) this.#endBlock();
    this.#chunks.push(passages);
    this.#waiting += count;
    this.#passages += count;
    this.#several ||= count > 1;
  }

  /** Passages of all chunks; a chunk that is its own one passage counts as one. */
  get passages(): number {
    return this.#passages;
  }

  /** What the section takes in the file, after `finish`; 0 when there is none. */
  get bytes(): number {
    return this.#several ? sectionSize(this.#blocks.map(({ frame }) => ({ size: frame.length }))) : 0;
  }

  /** The sections to write; none when each chunk is its own one passage. */
  finish(): SectionToWrite[] {
    if (!this.#several) return [];
    this.#endBlock();
    return [{ kind: PASSAGES_SECTION, mayBeSkipped: true, blocks: this.#blocks }];
  }

  #endBlock(): void {
    if (this.#chunks.length === 0) return;
    this.#blocks.push({ frame: this.#compressor.compress(encodePassages(this.#chunks)), count: this.#chunks.length });
    this.#chunks = [];
    this.#waiting = 0;
  }
}
