import { CemError, checksum, FormatError, hexadecimal, type RandomAccessFile, viewOf } from '../../base/index.ts';
import { INDEX_CHECKSUM_SIZE, LARGEST_UINT32, type ZpkgHeader, type ZpkgLayout } from './format.ts';

const BLOCK = 1 << 16;
/** Bytes of the index that are read at once: whole entries of either kind, and little beside what is kept of them. */
const INDEX_WINDOW = 1 << 20;

/** Lengths and checksums of the chunks written so far: 8 bytes a chunk, turned into the index section at the end. */
export class ChunkTable {
  readonly #blocks: { readonly lengths: Uint32Array; readonly checksums: Uint32Array }[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @throws CemError `ZPKG_OVERFLOW` when the count or the length passes what 32 bits hold */
  add(length: number, chunkChecksum: number): void {
    if (this.#count === LARGEST_UINT32) {
      throw new CemError(
        'ZPKG_OVERFLOW',
        `a container holds at most ${LARGEST_UINT32} chunks: split the corpus over several containers`,
      );
    }
    if (length > LARGEST_UINT32) {
      throw new CemError(
        'ZPKG_OVERFLOW',
        `a chunk of ${length} bytes is larger than a container can hold (${LARGEST_UINT32}): cut the document into smaller chunks`,
      );
    }
    const within = this.#count % BLOCK;
    if (within === 0) this.#blocks.push({ lengths: new Uint32Array(BLOCK), checksums: new Uint32Array(BLOCK) });
    const block = this.#blocks.at(-1)!;
    block.lengths[within] = length;
    block.checksums[within] = chunkChecksum;
    this.#count += 1;
  }

  /** The index section in pieces of bounded size: offsets, checksums, checksum of both. */
  *encode(offsetSize: 4 | 8): Generator<Uint8Array> {
    let running = 0;
    let offset = 0;
    for (const [number, block] of this.#blocks.entries()) {
      const count = this.#inBlock(number);
      const piece = new Uint8Array(count * offsetSize);
      const view = viewOf(piece);
      for (let i = 0; i < count; i++) {
        if (offsetSize === 8) view.setBigUint64(8 * i, BigInt(offset), true);
        else view.setUint32(4 * i, offset, true);
        offset += block.lengths[i]!;
      }
      running = checksum(piece, running);
      yield piece;
    }
    for (const [number, block] of this.#blocks.entries()) {
      const count = this.#inBlock(number);
      const piece = new Uint8Array(count * 4);
      const view = viewOf(piece);
      for (let i = 0; i < count; i++) view.setUint32(4 * i, block.checksums[i]!, true);
      running = checksum(piece, running);
      yield piece;
    }
    const last = new Uint8Array(INDEX_CHECKSUM_SIZE);
    viewOf(last).setUint32(0, running, true);
    yield last;
  }

  #inBlock(number: number): number {
    return Math.min(BLOCK, this.#count - number * BLOCK);
  }
}

/** Where each chunk lies, and its checksum. */
export interface ZpkgIndex {
  /** [chunks + 1] relative to the first chunk; the last is the size of the chunk area. */
  readonly offsets: Uint32Array | Float64Array;
  /** [chunks] CRC-32 of each chunk's bytes. */
  readonly checksums: Uint32Array;
  /** CRC-32 of offsets and checksums, and so a fingerprint of all chunks and their order. */
  readonly fingerprint: number;
}

/**
 * Reads the index section, in windows: of millions of chunks, only what is kept of it is in memory as a whole.
 *
 * @throws FormatError `ZPKG_INDEX_CHECKSUM`, `ZPKG_INDEX_ORDER`; as `RandomAccessFile.read`
 */
export async function readIndex(
  file: RandomAccessFile,
  layout: ZpkgLayout,
  { chunkCount, indexOffset }: Pick<ZpkgHeader, 'chunkCount' | 'indexOffset'>,
): Promise<ZpkgIndex> {
  const { path } = file;
  const wide = layout.offsetSize === 8;
  const offsets = wide ? new Float64Array(chunkCount + 1) : new Uint32Array(chunkCount + 1);
  const checksums = new Uint32Array(chunkCount);
  const checksumsStart = chunkCount * layout.offsetSize;
  const body = layout.indexSize - INDEX_CHECKSUM_SIZE;
  let actual = 0;
  let stored = 0;
  for (let from = 0; from < layout.indexSize; from += INDEX_WINDOW) {
    const window = await file.read(indexOffset + from, Math.min(INDEX_WINDOW, layout.indexSize - from));
    const view = viewOf(window);
    const end = from + window.length;
    actual = checksum(window.subarray(0, Math.max(Math.min(end, body) - from, 0)), actual);
    for (let at = from; at < Math.min(end, checksumsStart); at += layout.offsetSize)
      offsets[at / layout.offsetSize] = wide ? Number(view.getBigUint64(at - from, true)) : view.getUint32(at - from, true);
    for (let at = Math.max(from, checksumsStart); at < Math.min(end, body); at += 4)
      checksums[(at - checksumsStart) / 4] = view.getUint32(at - from, true);
    if (end === layout.indexSize) stored = view.getUint32(body - from, true);
  }
  if (stored !== actual) {
    throw new FormatError(
      'ZPKG_INDEX_CHECKSUM',
      `${path}: the index's checksum is ${hexadecimal(actual)}, stored is ${hexadecimal(stored)}: the file is damaged`,
      { details: { path, position: indexOffset + body, stored, actual } },
    );
  }
  offsets[chunkCount] = layout.chunksSize;
  if (offsets[0] !== 0) throw orderError(path, indexOffset, `the first chunk begins at ${offsets[0]} and not at 0`);
  for (let i = 0; i < chunkCount; i++) {
    if (offsets[i]! < offsets[i + 1]!) continue;
    const at = indexOffset + layout.offsetSize * i;
    throw orderError(path, at, `chunk ${i} begins at ${offsets[i]} and ends at ${offsets[i + 1]}`);
  }
  return { offsets, checksums, fingerprint: actual };
}

function orderError(path: string, position: number, what: string): FormatError {
  return new FormatError(
    'ZPKG_INDEX_ORDER',
    `${path}: index out of order, ${what}: a broken program wrote it; pack the corpus again`,
    {
      details: { path, position },
    },
  );
}
