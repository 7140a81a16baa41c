import { type FileHandle, open } from 'node:fs/promises';
import { freemem } from 'node:os';
import { CemError, FormatError, readFully } from '../../base/index.ts';
import { BYTE_VOCABULARY } from '../../model/symbols/index.ts';
import { HashTables, type StoredTable, StoredTables } from '../../model/tables/index.ts';
import { readHalves, readInt4Rows, readInt8Rows, scaleName } from './compact-weights.ts';
import { readSafetensorsHeader, STORED_TYPES, type StoredType } from './safetensors.ts';

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

/** A table and what its numbers are. */
interface FoundTable extends StoredTable {
  readonly dtype: StoredType;
  /** First byte of the float32 [rows] that rows of I8 and U8 are multiplied by. */
  readonly scales?: number;
}

/**
 * Reads tables into memory as float32, whatever they are stored as: for training and saving, and for encoding where they fit.
 *
 * @throws CemError `SAFETENSORS_MISSING`; FormatError `CHECKPOINT_SHAPE` when the file holds other tables, `SAFETENSORS_MALFORMED` when it is cut off or is not in the format
 */
export function loadTables(file: TableFile): Promise<HashTables> {
  return withTables(file, async (handle, places) => {
    const tables = new HashTables(file.dimension, file.names.length - 1, file.rows);
    const rowsAtOnce = Math.max(1, Math.floor(PIECE_NUMBERS / file.dimension));
    for (const [number, place] of places.entries()) {
      const table = tables.tables[number]!;
      for (let row = 0; row < place.rows; row += rowsAtOnce) {
        const piece = await readRows(handle, place, row, Math.min(rowsAtOnce, place.rows - row), file);
        table.set(piece, row * file.dimension);
      }
    }
    return tables;
  });
}

/** [count, dimension] */
async function readRows(
  handle: FileHandle,
  { dtype, position, scales }: FoundTable,
  row: number,
  count: number,
  { dimension, path }: TableFile,
): Promise<Float32Array> {
  const rowBytes = dtype === 'U8' ? dimension / 2 : STORED_TYPES[dtype] * dimension;
  const start = position + rowBytes * row;
  const values = new Float32Array(count * dimension);
  if (dtype === 'F32') {
    await readWhole(handle, values, start, path);
  } else if (dtype === 'F16') {
    const bits = new Uint16Array(values.length);
    await readWhole(handle, bits, start, path);
    readHalves(bits, values);
  } else {
    const bytes = new Uint8Array(count * rowBytes);
    const factors = new Float32Array(count);
    await readWhole(handle, bytes, start, path);
    await readWhole(handle, factors, scales! + STORED_TYPES.F32 * row, path);
    if (dtype === 'U8') readInt4Rows(bytes, factors, dimension, values);
    else readInt8Rows(new Int8Array(bytes.buffer), factors, dimension, values);
  }
  return values;
}

/**
 * Opens tables of float32 for encoding: they stay in the file, and rows are read by position when they are named. The caller disposes them.
 *
 * @param cacheBytes what rows that were read may take in memory
 * @throws as `loadTables`
 */
export function openTables(file: TableFile, cacheBytes = CACHE_BYTES): Promise<HashTables> {
  return withTables(file, async (_, places) => {
    requireFloat32(places, file);
    const stored = new StoredTables(file.path, places, file.dimension, cacheBytes);
    return new HashTables(file.dimension, file.names.length - 1, file.rows, stored);
  });
}

/**
 * Tables for encoding: in memory where they fit comfortably, or are not float32; else opened in their file.
 *
 * @param largestInMemory bytes; by default half of the memory that is free
 * @throws as `loadTables`
 */
export async function tablesForEncoding(file: TableFile, largestInMemory = freemem() / 2): Promise<HashTables> {
  const numbers = (BYTE_VOCABULARY + (file.names.length - 1) * file.rows) * file.dimension;
  if (4 * numbers <= largestInMemory) return loadTables(file);
  const compact = await withTables(file, async (_, places) => places.some(({ dtype }) => dtype !== 'F32'));
  return compact ? loadTables(file) : openTables(file);
}

async function withTables<Result>(
  file: TableFile,
  use: (handle: FileHandle, places: readonly FoundTable[]) => Promise<Result>,
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
async function findTables(handle: FileHandle, { path, names, dimension, rows }: TableFile): Promise<FoundTable[]> {
  const { entries, dataStart, size } = await readSafetensorsHeader(handle, path);
  const find = (name: string, expected: readonly number[], types: readonly StoredType[]) => {
    const entry = entries[name];
    const dtype = types.find((type) => type === entry?.dtype);
    const shape = dtype === 'U8' ? [expected[0]!, expected[1]! / 2] : expected;
    if (entry === undefined || dtype === undefined || entry.shape.join() !== shape.join()) {
      const got = entry ? `${entry.dtype} [${entry.shape.join(', ')}]` : 'nothing';
      throw new FormatError(
        'CHECKPOINT_SHAPE',
        `${path}: "${name}" should be ${types.join(' or ')} [${expected.join(', ')}], got ${got}; the tables do not belong to this model`,
        { details: { path, name, expected, found: entry?.shape } },
      );
    }
    const [from, to] = entry.data_offsets;
    const bytes = shape.reduce((product, length) => product * length, STORED_TYPES[dtype]);
    if (to - from !== bytes || dataStart + to > size) throw cutOff(path, dataStart + from);
    return { position: dataStart + from, dtype };
  };
  return names.map((name, index) => {
    const length = index === 0 ? BYTE_VOCABULARY : rows;
    const table = { ...find(name, [length, dimension], ['F32', 'F16', 'I8', 'U8']), rows: length };
    return table.dtype === 'I8' || table.dtype === 'U8'
      ? { ...table, scales: find(scaleName(name), [length], ['F32']).position }
      : table;
  });
}

function requireFloat32(places: readonly FoundTable[], { path, names }: TableFile): void {
  const index = places.findIndex(({ dtype }) => dtype !== 'F32');
  if (index < 0) return;
  throw new FormatError(
    'CHECKPOINT_SHAPE',
    `${path}: "${names[index]}" is ${places[index]!.dtype}, and only tables of F32 are read row by row; load them into memory`,
    { details: { path, name: names[index] } },
  );
}

function cutOff(path: string, position: number): FormatError {
  return new FormatError(
    'SAFETENSORS_MALFORMED',
    `${path}: the table at byte ${position} is not in the file as a whole; the file is damaged or cut off, use another checkpoint`,
    { details: { path, position } },
  );
}

async function readWhole(
  handle: FileHandle,
  values: Float32Array | Uint16Array | Uint8Array,
  position: number,
  path: string,
): Promise<void> {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if ((await readFully(handle, bytes, position)) < bytes.length) throw cutOff(path, position);
}
