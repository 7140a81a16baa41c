import { createInflateRaw } from 'node:zlib';
import binding from 'zstd-napi/binding.js';
import { CemError, checksum } from '../../base/index.ts';

/** Bytes that one step of the decompressor gives at most; zstd's own recommendation (a block). */
const OUTPUT_BYTES = 1 << 17;
/** Bytes that inflate takes at once; it gives a thousand times as many at most. */
const INPUT_BYTES = 1 << 14;
/** zstd reads no larger windows unless it is told to (`ZSTD_WINDOWLOG_LIMIT_DEFAULT` of zstd.h); nor do we, for the sake of memory. */
const LARGEST_WINDOW_LOG = 27;

export type Compression = 'gzip' | 'zstd';

/** How many bytes `compressionOf` wants to see. */
export const MAGIC_BYTES = 4;

/**
 * What compressed a file, by its first bytes: a gzip member (RFC 1952, 2.3.1), a zstd frame (RFC 8878, 3.1.1), or a frame that zstd skips (3.1.2). Neither
 * gzip's nor zstd's are UTF-8.
 */
export function compressionOf(start: Uint8Array): Compression | undefined {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip';
  const [first = 0, ...rest] = start.subarray(0, MAGIC_BYTES);
  if (first === 0x28 && matches(rest, [0xb5, 0x2f, 0xfd])) return 'zstd';
  if (first >= 0x50 && first <= 0x5f && matches(rest, [0x2a, 0x4d, 0x18])) return 'zstd';
  return undefined;
}

/**
 * What a compressed file holds: all its members or frames, one after the other, also empty and skipped ones and those that do not say how much they hold; zeros behind a gzip
 * member are padding.
 *
 * @throws CemError `DATA_WINDOW`, `DATA_DECOMPRESS`, and as `source` does
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  compression: Compression,
  path: string,
  note?: (line: string) => void,
): AsyncGenerator<Uint8Array> {
  const input = new Input(source);
  const onRest = (): void => {
    if (note === undefined) throw broken('something that is no gzip follows its last member');
    note(`${path}: what follows its last gzip member is none, and was left out`);
  };
  try {
    if (compression === 'gzip') yield* gunzip(input, onRest);
    else yield* unzstd(input);
  } catch (cause) {
    if (input.failed || !(cause instanceof Error)) throw cause;
    throw refusal(path, compression, cause, input.start);
  }
}

/** Chunks of a file; what a decompressor left of them can be put back. */
class Input {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #back: Uint8Array[] = [];
  /** Whether reading the file failed, not decompressing it. */
  failed = false;
  /** The first chunk. */
  start: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** @param most bytes; by default as they come */
  async next(most = Number.POSITIVE_INFINITY): Promise<Uint8Array | undefined> {
    const chunk = this.#back.pop() ?? (await this.#read());
    if (chunk === undefined || chunk.length <= most) return chunk;
    this.putBack(chunk.subarray(most));
    return chunk.subarray(0, most);
  }

  /** @throws CemError when fewer are left */
  async take(count: number): Promise<Uint8Array> {
    const bytes = await this.upTo(count);
    if (bytes.length < count) throw broken('it is cut off');
    return bytes;
  }

  /** So many bytes, or those that are left. */
  async upTo(count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = count;
    while (missing > 0) {
      const part = await this.next(missing);
      if (part === undefined) break;
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  async #read(): Promise<Uint8Array | undefined> {
    try {
      const { value, done } = await this.#source.next();
      if (done === true) return undefined;
      if (this.start.length === 0) this.start = value;
      return value;
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }

  /** The next `next` gives these bytes. */
  putBack(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#back.push(bytes);
  }
}

/** Members (RFC 1952, 2.2) one after the other, zeros between them; `zlib.createGunzip` ends at zeros, and does not say where. */
async function* gunzip(input: Input, onRest: () => void): AsyncGenerator<Uint8Array> {
  for (let members = 0; await skipZeros(input); members++) {
    const start = await input.upTo(2);
    if (members > 0 && (start[0] !== 0x1f || start[1] !== 0x8b)) {
      onRest();
      return;
    }
    await skipMemberHeader(input);
    yield* inflateMember(input);
  }
}

/** What stands between a member's magic and its data (2.3). */
async function skipMemberHeader(input: Input): Promise<void> {
  const [method, flags = 0] = await input.take(8);
  if (method !== 8) throw broken(`compression method ${method} is not 8 (deflate)`);
  if ((flags & 0x04) !== 0) {
    const [low = 0, high = 0] = await input.take(2);
    await input.take(low + 256 * high);
  }
  if ((flags & 0x08) !== 0) await skipText(input);
  if ((flags & 0x10) !== 0) await skipText(input);
  if ((flags & 0x02) !== 0) await input.take(2);
}

/** Name and comment end with a zero. */
async function skipText(input: Input): Promise<void> {
  let character: number | undefined;
  do [character] = await input.take(1);
  while (character !== 0);
}

/** A member's data, and the checksum and length behind it. */
async function* inflateMember(input: Input): AsyncGenerator<Uint8Array> {
  const inflate = createInflateRaw();
  const output: Uint8Array[] = [];
  let ended = false;
  let failure: Error | undefined;
  inflate.on('data', (bytes: Uint8Array) => output.push(bytes));
  const settled = new Promise<void>((resolve) => {
    inflate.on('end', () => {
      ended = true;
      resolve();
    });
    inflate.on('error', (error) => {
      failure = error;
      resolve();
    });
  });
  let given = 0;
  let sum = 0;
  let length = 0;
  try {
    while (!ended) {
      // One step in, all that it gives out: so memory stays bounded, and it is known how much was read.
      const piece = await input.next(INPUT_BYTES);
      if (piece === undefined) {
        inflate.end();
        await settled;
      } else {
        given += piece.length;
        const written = new Promise<void>((resolve) => inflate.write(piece, () => resolve()));
        await Promise.race([written, settled]);
        if (ended) input.putBack(piece.subarray(piece.length - (given - inflate.bytesWritten)));
      }
      if (failure !== undefined) throw failure;
      for (const bytes of output.splice(0)) {
        sum = checksum(bytes, sum);
        length = (length + bytes.length) % 2 ** 32;
        yield bytes;
      }
    }
  } finally {
    inflate.destroy();
  }
  const trailer = Buffer.from(await input.take(8));
  if (trailer.readUInt32LE(0) !== sum) throw broken('the checksum is another');
  if (trailer.readUInt32LE(4) !== length) throw broken('the length is another');
}

/** Passes over zeros; whether anything follows them. */
async function skipZeros(input: Input): Promise<boolean> {
  for (let chunk = await input.next(); chunk !== undefined; chunk = await input.next()) {
    const first = chunk.findIndex((byte) => byte !== 0);
    if (first < 0) continue;
    input.putBack(chunk.subarray(first));
    return true;
  }
  return false;
}

async function* unzstd(input: Input): AsyncGenerator<Uint8Array> {
  const context = new binding.DCtx();
  context.setParameter(binding.DParameter.windowLogMax, LARGEST_WINDOW_LOG);
  let wanted = 1;
  for (let chunk = await input.next(); chunk !== undefined; chunk = await input.next()) {
    let produced: number;
    do {
      const output = Buffer.allocUnsafeSlow(OUTPUT_BYTES);
      let consumed: number;
      [wanted, produced, consumed] = context.decompressStream(output, chunk);
      if (produced > 0) yield output.subarray(0, produced);
      chunk = chunk.subarray(consumed);
      // A full output may have left more inside, unless the frame is at its end.
    } while (chunk.length > 0 || (produced === OUTPUT_BYTES && wanted !== 0));
  }
  if (wanted !== 0) throw broken('it ends in the middle of a frame');
}

function broken(what: string): CemError {
  return new CemError('DATA_DECOMPRESS', what);
}

function refusal(path: string, compression: Compression, cause: Error, start: Uint8Array): CemError {
  const details = { path };
  // Messages of zstd's error codes (`ZSTD_getErrorString`): windowTooLarge and dictionary_wrong.
  if (/too much memory/.test(cause.message)) {
    const window = windowLog(start);
    const size = window === undefined ? 'a window' : `a window of ${2 ** (window - 20)} MiB`;
    return new CemError(
      'DATA_WINDOW',
      `${path} was compressed with ${size}, and at most ${2 ** (LARGEST_WINDOW_LOG - 20)} MiB are read: compress it again without --long (zstd -dc --long=31 FILE | zstd -o OTHER)`,
      { details: { ...details, windowLog: window ?? null, largestWindowLog: LARGEST_WINDOW_LOG }, cause },
    );
  }
  const reason = /dictionary mismatch/i.test(cause.message)
    ? 'it was compressed with a dictionary, which is not at hand; compress it again without'
    : `${cause.message}; it is cut off or damaged, or something that is no ${compression} follows; compress its content again`;
  return new CemError('DATA_DECOMPRESS', `${path} cannot be decompressed: ${reason}`, { details, cause });
}

/** log2 of the window that the first frame asks for, rounded up (RFC 8878, 3.1.1.1.2); undefined when the file begins with something else. */
function windowLog(start: Uint8Array): number | undefined {
  if (start[0] !== 0x28 || start.length < 6 || (start[4]! & 0x20) !== 0) return undefined;
  return 10 + (start[5]! >> 3) + ((start[5]! & 7) === 0 ? 0 : 1);
}

function matches(bytes: readonly number[], expected: readonly number[]): boolean {
  return expected.every((byte, index) => bytes[index] === byte);
}
