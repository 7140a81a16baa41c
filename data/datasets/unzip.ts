import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { CemError, FormatError, messageOf } from '../../base/index.ts';

// Signatures and sizes: APPNOTE.TXT 6.3.10 (PKWARE), sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3.
const LOCAL_HEADER = 0x04034b50;
const LOCAL_HEADER_BYTES = 30;
const CENTRAL_HEADER = 0x02014b50;
const CENTRAL_HEADER_BYTES = 46;
const END_OF_DIRECTORY = 0x06054b50;
const END_OF_DIRECTORY_BYTES = 22;
const ZIP64_END = 0x06064b50;
const ZIP64_END_BYTES = 56;
const ZIP64_LOCATOR = 0x07064b50;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_FIELD = 0x0001;
const LONGEST_COMMENT = 0xffff;
const FULL_16 = 0xffff;
const FULL_32 = 0xffffffff;
const ENCRYPTED_FLAG = 1;
const STORED = 0;
const DEFLATED = 8;
/** The central directory of a data set is a few lines; a larger one is read as damage. */
const LARGEST_DIRECTORY = 1 << 26;

interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly checksum: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  readonly position: number;
}

export interface UnzipOptions {
  /** Which files are taken, by their names in the archive; all unless given. */
  readonly accept?: (name: string) => boolean;
  /** Bytes written of bytes in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Takes the files of a ZIP archive out into a folder, as streams: the memory does not grow with the archive. Sizes and checksums are checked. ZIP64 is read; encrypted entries and
 * methods other than stored and deflated are refused, and so is a name that leads out of the folder.
 *
 * @returns names of the files, in the archive's order
 * @throws FormatError `ZIP_MALFORMED`, `ZIP_UNSUPPORTED`, `ZIP_UNSAFE_NAME`; CemError `FILE_OPEN`, `FILE_WRITE`
 */
export async function unzip(path: string, folder: string, options: UnzipOptions = {}): Promise<string[]> {
  const entries = (await readDirectory(path)).filter(
    ({ name }) => !name.endsWith('/') && (options.accept === undefined || options.accept(name)),
  );
  for (const { name } of entries) assertSafe(path, name);
  const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  for (const entry of entries) {
    const target = join(folder, entry.name);
    await mkdir(dirname(target), { recursive: true });
    await extract(path, entry, target, (done) => options.onProgress?.(before + done, total));
    before += entry.bytes;
  }
  return entries.map(({ name }) => name);
}

async function extract(path: string, entry: ZipEntry, target: string, onProgress: (done: number) => void): Promise<void> {
  const start = await contentPosition(path, entry);
  const output = await open(target, 'wx');
  let checksum = 0;
  let done = 0;
  try {
    const write = async (pieces: AsyncIterable<Uint8Array>): Promise<void> => {
      for await (const piece of pieces) {
        done += piece.length;
        // A bomb says one size and unpacks to another: it is stopped here.
        if (done > entry.bytes)
          throw malformedZip(path, `${entry.name} unpacks to more than the ${entry.bytes} bytes that it declares`);
        checksum = crc32(piece, checksum);
        await output.appendFile(piece);
        onProgress(done);
      }
    };
    if (entry.compressedBytes > 0) {
      const input = createReadStream(path, { start, end: start + entry.compressedBytes - 1, highWaterMark: 1 << 18 });
      if (entry.method === STORED) await pipeline(input, write);
      else await pipeline(input, createInflateRaw({ chunkSize: 1 << 18 }), write);
    }
    await output.sync();
  } catch (cause) {
    if (cause instanceof CemError) throw cause;
    // An error of the system names its call; every other one comes from the decompressor.
    if (cause instanceof Error && 'syscall' in cause) {
      throw new CemError('FILE_WRITE', `${entry.name} of ${path} cannot be unpacked to ${target}: ${messageOf(cause)}`, {
        details: { path, target },
        cause,
      });
    }
    throw malformedZip(path, `${entry.name} cannot be unpacked (${messageOf(cause)})`, cause);
  } finally {
    await output.close();
  }
  if (done !== entry.bytes || checksum !== entry.checksum) {
    throw malformedZip(path, `${entry.name} does not unpack to what the archive says of it (${done} of ${entry.bytes} bytes)`);
  }
}

async function readDirectory(path: string): Promise<ZipEntry[]> {
  return withFile(path, async (file, size) => {
    const { position, bytes, count } = await findDirectory(path, file, size);
    if (bytes > LARGEST_DIRECTORY || position + bytes > size) throw malformedZip(path, 'its directory lies outside of the file');
    const directory = await readAt(path, file, position, bytes);
    const entries: ZipEntry[] = [];
    let at = 0;
    for (let number = 0; number < count; number++) {
      if (at + CENTRAL_HEADER_BYTES > bytes || directory.readUInt32LE(at) !== CENTRAL_HEADER) {
        throw malformedZip(path, `entry ${number} of its directory is not one`);
      }
      const nameBytes = directory.readUInt16LE(at + 28);
      const extraBytes = directory.readUInt16LE(at + 30);
      const next = at + CENTRAL_HEADER_BYTES + nameBytes + extraBytes + directory.readUInt16LE(at + 32);
      if (next > bytes) throw malformedZip(path, `entry ${number} of its directory is cut off`);
      entries.push(readEntry(path, directory.subarray(at, next), nameBytes, extraBytes));
      at = next;
    }
    return entries;
  });
}

function readEntry(path: string, header: Buffer, nameBytes: number, extraBytes: number): ZipEntry {
  const name = header.toString('utf8', CENTRAL_HEADER_BYTES, CENTRAL_HEADER_BYTES + nameBytes);
  const method = header.readUInt16LE(10);
  if (header.readUInt16LE(8) & ENCRYPTED_FLAG) throw unsupported(path, `${name} is encrypted`);
  if (method !== STORED && method !== DEFLATED) throw unsupported(path, `${name} is packed with method ${method}`);
  const extraStart = CENTRAL_HEADER_BYTES + nameBytes;
  const wide = wideFields(header.subarray(extraStart, extraStart + extraBytes));
  // A field of 64 bits stands in for each one below that is full, in this order (APPNOTE 4.5.3).
  const sized = (value: number): number => (value === FULL_32 ? wide(path, name) : value);
  const bytes = sized(header.readUInt32LE(24));
  const compressedBytes = sized(header.readUInt32LE(20));
  const position = sized(header.readUInt32LE(42));
  return { name, method, checksum: header.readUInt32LE(16), compressedBytes, bytes, position };
}

/** Gives the 64-bit numbers of the ZIP64 extra field one after another. */
function wideFields(extra: Buffer): (path: string, name: string) => number {
  let content = Buffer.alloc(0);
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === ZIP64_FIELD)
      content = Buffer.from(extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2)));
  }
  let at = 0;
  return (path, name) => {
    if (at + 8 > content.length) throw malformedZip(path, `${name} lacks its 64-bit sizes`);
    at += 8;
    return Number(content.readBigUInt64LE(at - 8));
  };
}

/** Where the entry's packed bytes begin: its local header may have another extra field than the directory. */
async function contentPosition(path: string, entry: ZipEntry): Promise<number> {
  return withFile(path, async (file, size) => {
    const header = await readAt(path, file, entry.position, LOCAL_HEADER_BYTES);
    const start = entry.position + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
    if (header.readUInt32LE(0) === LOCAL_HEADER && start + entry.compressedBytes <= size) return start;
    throw malformedZip(path, `${entry.name} is not where the directory says`);
  });
}

interface DirectoryPlace {
  readonly position: number;
  readonly bytes: number;
  readonly count: number;
}

async function findDirectory(path: string, file: FileHandle, size: number): Promise<DirectoryPlace> {
  const tailBytes = Math.min(size, END_OF_DIRECTORY_BYTES + LONGEST_COMMENT);
  const tail = await readAt(path, file, size - tailBytes, tailBytes);
  let end = tail.length - END_OF_DIRECTORY_BYTES;
  // A comment may hold the same bytes; the real record's comment reaches to the end of the file.
  const isEnd = (at: number): boolean =>
    tail.readUInt32LE(at) === END_OF_DIRECTORY && at + END_OF_DIRECTORY_BYTES + tail.readUInt16LE(at + 20) === tail.length;
  while (end >= 0 && !isEnd(end)) end--;
  if (end < 0) throw malformedZip(path, 'it has no directory at its end: it is no ZIP archive, or cut off');
  const count = tail.readUInt16LE(end + 10);
  const bytes = tail.readUInt32LE(end + 12);
  const position = tail.readUInt32LE(end + 16);
  if (count !== FULL_16 && bytes !== FULL_32 && position !== FULL_32) return { position, bytes, count };
  const locatorPosition = size - tailBytes + end - ZIP64_LOCATOR_BYTES;
  const locator = await readAt(path, file, locatorPosition, ZIP64_LOCATOR_BYTES);
  if (locator.readUInt32LE(0) !== ZIP64_LOCATOR) return { position, bytes, count };
  const wide = await readAt(path, file, Number(locator.readBigUInt64LE(8)), ZIP64_END_BYTES);
  if (wide.readUInt32LE(0) !== ZIP64_END) throw malformedZip(path, 'its 64-bit directory is not where it should be');
  return {
    count: Number(wide.readBigUInt64LE(32)),
    bytes: Number(wide.readBigUInt64LE(40)),
    position: Number(wide.readBigUInt64LE(48)),
  };
}

/** @throws FormatError `ZIP_MALFORMED` when the file does not reach so far */
async function readAt(path: string, file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = position < 0 ? { bytesRead: -1 } : await file.read(buffer, 0, bytes, position);
  if (bytesRead === bytes) return buffer;
  throw malformedZip(path, `it ends before byte ${position + bytes}`);
}

async function withFile<Result>(path: string, action: (file: FileHandle, size: number) => Promise<Result>): Promise<Result> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new CemError('FILE_OPEN', `cannot read ${path}: ${messageOf(cause)}`, { details: { path }, cause });
  });
  try {
    return await action(file, (await file.stat()).size);
  } finally {
    await file.close();
  }
}

function assertSafe(path: string, name: string): void {
  const parts = name.split(/[\\/]/);
  if (!name.includes('\0') && !/^(?:[\\/]|[a-z]:)/i.test(name) && !parts.includes('..')) return;
  throw new FormatError(
    'ZIP_UNSAFE_NAME',
    `${path} holds ${JSON.stringify(name)}, which leads out of the folder: do not trust it`,
    {
      details: { path, name },
    },
  );
}

function malformedZip(path: string, what: string, cause?: unknown): FormatError {
  return new FormatError('ZIP_MALFORMED', `${path}: ${what}; fetch it again`, {
    details: { path },
    ...(cause !== undefined && { cause }),
  });
}

function unsupported(path: string, what: string): FormatError {
  return new FormatError('ZIP_UNSUPPORTED', `${path}: ${what}; unpack it with another program`, { details: { path } });
}
