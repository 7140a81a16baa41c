import { setImmediate } from 'node:timers/promises';
import { createGzip, gzipSync } from 'node:zlib';
import { createCompressor, LARGEST_CHUNK_CONTENT } from '../../zpkg/index.ts';

/** Bytes of the same texts as others would store them. */
export interface RivalBytes {
  /** gzip -6 of all texts one after another, a line feed after each: smallest to keep, nothing can be read alone. */
  readonly gzip: number;
  /** gzip -6 of each text by itself: each can be read alone. */
  readonly gzip_per_document: number;
  /** zstd of all texts as for gzip, at the container's level, in frames of 64 MiB. */
  readonly zstd: number;
  /** zstd of each text by itself at the container's level, without a dictionary. */
  readonly zstd_per_document: number;
}

/** Texts between two turns of the event loop, by their bytes. */
const BYTES_A_TURN = 1 << 20;

/** Compresses all texts in the four ways, holding at most 64 MiB of them twice. */
export async function measureRivals(
  texts: ReadonlyMap<string, string>,
  level: number,
  onProgress?: (done: number, total: number) => void,
): Promise<RivalBytes> {
  const compressor = createCompressor({ level });
  const pieces = (bytes: Uint8Array): number => {
    let total = 0;
    for (let from = 0; from < bytes.length || from === 0; from += LARGEST_CHUNK_CONTENT)
      total += compressor.compress(bytes.subarray(from, from + LARGEST_CHUNK_CONTENT)).length;
    return total;
  };
  const gzip = createGzip();
  let gzipBytes = 0;
  gzip.on('data', (bytes: Buffer) => {
    gzipBytes += bytes.length;
  });
  const ended = new Promise<void>((resolve, reject) => gzip.on('end', resolve).on('error', reject));
  const sums = { gzip: 0, zstd: 0, zstdWhole: 0 };
  let block: Buffer[] = [];
  let blockBytes = 0;
  let turnBytes = 0;
  let done = 0;
  for (const text of texts.values()) {
    const bytes = Buffer.from(text, 'utf8');
    const line = Buffer.concat([bytes, Buffer.from('\n')]);
    gzip.write(line);
    sums.gzip += gzipSync(bytes).length;
    sums.zstd += pieces(bytes);
    if (blockBytes + line.length > LARGEST_CHUNK_CONTENT) {
      sums.zstdWhole += pieces(Buffer.concat(block));
      block = [];
      blockBytes = 0;
    }
    block.push(line);
    blockBytes += line.length;
    done++;
    turnBytes += line.length;
    if (turnBytes < BYTES_A_TURN) continue;
    turnBytes = 0;
    onProgress?.(done, texts.size);
    await setImmediate();
  }
  gzip.end();
  await ended;
  if (blockBytes > 0) sums.zstdWhole += pieces(Buffer.concat(block));
  return { gzip: gzipBytes, gzip_per_document: sums.gzip, zstd: sums.zstdWhole, zstd_per_document: sums.zstd };
}
