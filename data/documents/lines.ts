import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DecompressStream } from 'zstd-napi';
import { CemError, messageOf } from '../../base/index.ts';

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
 * Lines of a UTF-8 file; `.gz` and `.zst` are decompressed on the way. Only LF and CRLF end a line (JSON strings may hold U+2028, which Node's own readline
 * breaks at). A byte order mark is dropped.
 *
 * @throws CemError `FILE_OPEN`, `DATA_UTF8`, `DATA_LINE_TOO_LONG`, `DATA_DECOMPRESS`
 */
export async function* readLines(path: string): AsyncGenerator<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let number = 0;
  const decode = (parts: readonly Uint8Array[]): Line => {
    number += 1;
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    try {
      const text = decoder.decode(bytes);
      return { text: text.endsWith('\r') ? text.slice(0, -1) : text, number };
    } catch (cause) {
      throw new CemError('DATA_UTF8', `${path}:${number} is not UTF-8: convert the file`, {
        details: { path, line: number },
        cause,
      });
    }
  };
  let parts: Uint8Array[] = [];
  let gathered = 0;
  for await (const piece of readBytes(path)) {
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

async function* readBytes(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: READ_BYTES });
  const decompress = path.endsWith('.gz') ? createGunzip() : path.endsWith('.zst') ? new DecompressStream() : undefined;
  const flow = decompress === undefined ? undefined : pipeline(file, decompress);
  // The loop below meets the same error; this promise must not be left without a handler meanwhile.
  flow?.catch(() => undefined);
  try {
    yield* (decompress ?? file) as AsyncIterable<Uint8Array>;
    await flow;
  } catch (cause) {
    // An error of the system names its call; every other one comes from the decompressor.
    if (cause instanceof Error && 'syscall' in cause) {
      throw new CemError('FILE_OPEN', `cannot read ${path}: ${messageOf(cause)}`, { details: { path }, cause });
    }
    throw new CemError('DATA_DECOMPRESS', `${path} cannot be decompressed: ${messageOf(cause)}; it is cut off or damaged`, {
      details: { path },
      cause,
    });
  }
}
