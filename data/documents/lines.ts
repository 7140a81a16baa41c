import { createReadStream } from 'node:fs';
import { CemError, messageOf } from '../../base/index.ts';
import { compressionOf, decompress, MAGIC_BYTES } from './decompress.ts';
import type { ReadingOptions } from './reading-options.ts';
import { MARK_BYTES, notUtf8, unknownEncoding, utf16OfMark } from './text-encoding.ts';

/** Longest line in bytes: a file that passes it is no text. */
const LONGEST_LINE = 1 << 28;
const NEWLINE = 0x0a;
const READ_BYTES = 1 << 18;

/** One line without its end, and its number from 1. */
export interface Line {
  readonly text: string;
  readonly number: number;
}

/**
 * Lines of a UTF-8 file (or of UTF-16 with a byte order mark); what gzip or zstd compressed is decompressed on the way. Only LF and CRLF end a line (JSON strings may hold
 * U+2028, which Node's own readline breaks at). A byte order mark is dropped.
 *
 * @throws CemError `FILE_OPEN`, `DATA_UTF8`, `DATA_LINE_TOO_LONG`, `DATA_DECOMPRESS`, `DATA_WINDOW`
 */
export async function* readLines(path: string, { note }: ReadingOptions = {}): AsyncGenerator<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let number = 0;
  const decode = (parts: readonly Uint8Array[]): Line => {
    number += 1;
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    try {
      const text = decoder.decode(bytes);
      return { text: text.endsWith('\r') ? text.slice(0, -1) : text, number };
    } catch (cause) {
      throw unknownEncoding(bytes, `${path}:${number}`, { path, line: number, cause });
    }
  };
  let parts: Uint8Array[] = [];
  let gathered = 0;
  for await (const piece of readBytes(path, note)) {
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      parts.push(piece.subarray(start, end));
      yield decode(parts);
      parts = [];
      gathered = 0;
      start = end + 1;
    }
    if (start === piece.length) continue;
    parts.push(piece.subarray(start));
    gathered += piece.length - start;
    if (gathered > LONGEST_LINE) {
      throw new CemError(
        'DATA_LINE_TOO_LONG',
        `${path}:${number + 1} has more than ${LONGEST_LINE} bytes: one document stands on one line`,
        {
          details: { path, line: number + 1 },
        },
      );
    }
  }
  if (parts.length > 0) yield decode(parts);
}

/** A file's bytes, decompressed if its first bytes say that it is compressed, whatever its name says; UTF-16 with a byte order mark becomes UTF-8. */
async function* readBytes(path: string, note: ReadingOptions['note']): AsyncGenerator<Uint8Array> {
  const file = readFileBytes(path);
  const { start, all } = await peek(file, MAGIC_BYTES);
  const compression = compressionOf(start);
  const named = path.endsWith('.gz') ? 'gzip' : path.endsWith('.zst') ? 'zstd' : undefined;
  if (named !== undefined && compression === undefined) {
    throw new CemError(
      'DATA_DECOMPRESS',
      `${path} is ${start.length === 0 ? 'empty' : 'something else'}, and its name says ${named}: it is cut off or damaged, or has the wrong name`,
      { details: { path } },
    );
  }
  yield* fromUtf16(compression === undefined ? all : decompress(all, compression, path, note), path);
}

async function* readFileBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: READ_BYTES }) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw new CemError('FILE_OPEN', `cannot read ${path}: ${messageOf(cause)}`, { details: { path }, cause });
  }
}

async function* fromUtf16(source: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  const { start, all } = await peek(source, MARK_BYTES);
  const encoding = utf16OfMark(start);
  if (encoding === undefined) {
    yield* all;
    return;
  }
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decode = (bytes: Uint8Array | undefined): Uint8Array => {
    try {
      return Buffer.from(bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true }), 'utf8');
    } catch (cause) {
      const name = encoding.toUpperCase();
      throw notUtf8(path, `begins with the byte order mark of ${name}, and is not ${name}`, undefined, { cause });
    }
  };
  for await (const bytes of all) yield decode(bytes);
  yield decode(undefined);
}

/** The first bytes of a stream, at least `count` where it has them, and the whole stream with them. */
async function peek(
  source: AsyncIterable<Uint8Array>,
  count: number,
): Promise<{ start: Uint8Array; all: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  let start: Uint8Array = new Uint8Array(0);
  while (start.length < count) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    start = start.length === 0 ? value : Buffer.concat([start, value]);
  }
  const all = async function* (): AsyncGenerator<Uint8Array> {
    try {
      if (start.length > 0) yield start;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  };
  return { start, all: all() };
}
