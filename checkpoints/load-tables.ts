import { type FileHandle, open } from 'node:fs/promises';
import { freemem } from 'node:os';
import { HashTables } from '../model/hash-tables.ts';
import { BYTE_VOCABULARY } from '../model/ngram-hash.ts';
import { type StoredTable, StoredTables } from '../model/stored-tables.ts';
import { CemError, FormatError } from '../zpkg/errors.ts';
import { readSafetensorsHeader } from './safetensors.ts';

/** The tables of a safetensors file, as a model's configuration has them. */
export interface TableFile {
  readonly path: string;
  /** The bytes' table, then the n-gram tables. */
  readonly names: readonly string[];
  readonly dimension: number;
  /** Rows of each n-gram table. */
  readonly rows: number;
}

/** Tables are read into memory in pieces of so many numbers: beside the tables themselves no more than a piece is held. */
const PIECE_NUMBERS = 2 ** 20;
/** Cached rows of tables that stay in their file. */
const CACHE_BYTES = 256 * 2 ** 20;

/**
 * Reads tables into memory, for training and saving.
 *
 * @throws CemError `SAFETENSORS_MISSING`; FormatError `CHECKPOINT_SHAPE` when the file holds other tables, `SAFETENSORS_MALFORMED` when it is cut off or is not in the format
 */
export function loadTables(file: TableFile): Promise<HashTables> {
  return withTables(file, async (handle, places) => {
    const tables = new HashTables(file.dimension, file.names.length - 1, file.rows);
    const piece = new Float32Array(PIECE_NUMBERS);
    for (const [number, { position }] of places.entries()) {
      const table = tables.tables[number]!;
      for (let from = 0; from < table.length; from += piece.length) {
        const part = piece.subarray(0, Math.min(piece.length, table.length - from));
        await readWhole(handle, part, position + 4 * from, file.path);
        table.set(part, from);
      }
    }
    return tables;
  });
}

/**
 * Opens tables for encoding: they stay in the file, and rows are read by position when they are named. The caller disposes them.
 *
 * @param cacheBytes what rows that were read may take in memory
 * @throws as `loadTables`
 */
export function openTables(file: TableFile, cacheBytes = CACHE_BYTES): Promise<HashTables> {
  return withTables(file, async (_, places) => {
    const stored = new StoredTables(file.path, places, file.dimension, cacheBytes);
    return new HashTables(file.dimension, file.names.length - 1, file.rows, stored);
  });
}

/**
 * Tables for encoding: in memory where they fit comfortably, else opened in their file.
 *
 * @param largestInMemory bytes; by default half of the memory that is free
 * @throws as `loadTables`
 */
export function tablesForEncoding(file: TableFile, largestInMemory = freemem() / 2): Promise<HashTables> {
  const numbers = (BYTE_VOCABULARY + (file.names.length - 1) * file.rows) * file.dimension;
  return 4 * numbers <= largestInMemory ? loadTables(file) : openTables(file);
}

async function withTables<Result>(
  file: TableFile,
  use: (handle: FileHandle, places: readonly StoredTable[]) => Promise<Result>,
): Promise<Result> {
  const { path } = file;
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw new CemError('SAFETENSORS_MISSING', `${path} cannot be opened; the checkpoint is not whole, use another one`, {
      details: { path },
      cause,
    });
  });
  try {
    return await use(handle, await findTables(handle, file));
  } finally {
    await handle.close();
  }
}

/** Where the tables lie. */
async function findTables(handle: FileHandle, { path, names, dimension, rows }: TableFile): Promise<StoredTable[]> {
  const { entries, dataStart, size } = await readSafetensorsHeader(handle, path);
  return names.map((name, index) => {
    const expected = [index === 0 ? BYTE_VOCABULARY : rows, dimension];
    const entry = entries[name];
    if (entry?.dtype !== 'F32' || entry.shape.join() !== expected.join()) {
      const got = entry ? `${entry.dtype} [${entry.shape.join(', ')}]` : 'nothing';
      throw new FormatError(
        'CHECKPOINT_SHAPE',
        `${path}: "${name}" should be F32 [${expected.join(', ')}], got ${got}; the tables do not belong to this model`,
        { details: { path, name, expected, found: entry?.shape } },
      );
    }
    const [from, to] = entry.data_offsets;
    if (to - from !== 4 * expected[0]! * dimension || dataStart + to > size) throw cutOff(path, dataStart + from);
    return { position: dataStart + from, rows: expected[0]! };
  });
}

function cutOff(path: string, position: number): FormatError {
  return new FormatError(
    'SAFETENSORS_MALFORMED',
    `${path}: the table at byte ${position} is not in the file as a whole; the file is damaged or cut off, use another checkpoint`,
    { details: { path, position } },
  );
}

async function readWhole(handle: FileHandle, values: Float32Array, position: number, path: string): Promise<void> {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, position + done);
    if (bytesRead === 0) throw cutOff(path, position);
    done += bytesRead;
  }
}
