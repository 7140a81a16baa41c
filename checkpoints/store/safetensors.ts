import assert from 'node:assert/strict';
import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import { CemError, FormatError, fromHalf, readFully, writeFully } from '../../base/index.ts';

/**
 * The safetensors format (huggingface/safetensors): 8 bytes little-endian length of a JSON header, the header (name -> dtype, shape, byte range), then the data. Of its types F32, F16, I8 and U8 are
 * written here; F32 and F16 are read as numbers, I8 and U8 only as what `compact-weights.ts` makes of them.
 */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Types of numbers that are stored, with the bytes of one. */
export const STORED_TYPES = { F32: 4, F16: 2, I8: 1, U8: 1 } as const;
export type StoredType = keyof typeof STORED_TYPES;

/** An array as the file holds it: little-endian, no padding. */
export interface StoredArray {
  readonly shape: readonly number[];
  readonly dtype: StoredType;
  readonly bytes: Uint8Array;
}

/** An array of F32 that is fetched when it is its turn to be written, so that not all of a file are held at once. */
export interface FetchedArray {
  readonly shape: readonly number[];
  fetch(): Promise<Float32Array>;
}

const headerSchema = z.record(
  z.string(),
  z.looseObject({
    dtype: z.string(),
    shape: z.array(z.number().int().nonnegative()),
    data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
  }),
);

/** Largest header that is read: a malformed length must not become an allocation. */
const MAXIMUM_HEADER_BYTES = 64 * 2 ** 20;

function bytesOf(data: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

interface WritableArray {
  readonly shape: readonly number[];
  readonly dtype: StoredType;
  readonly length: number;
  bytes(): Promise<Uint8Array>;
}

function writableOf(array: NamedArray | StoredArray | FetchedArray): WritableArray {
  const { shape } = array;
  if ('bytes' in array) return { shape, dtype: array.dtype, length: array.bytes.length, bytes: async () => array.bytes };
  const length = STORED_TYPES.F32 * shape.reduce((product, size) => product * size, 1);
  return { shape, dtype: 'F32', length, bytes: async () => bytesOf('data' in array ? array.data : await array.fetch()) };
}

/** Writes the arrays in their order and syncs the file; the caller renames what holds it. */
export async function writeSafetensors(
  path: string,
  arrays: ReadonlyMap<string, NamedArray | StoredArray | FetchedArray>,
  metadata: Record<string, string> = {},
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  const writable = Array.from(arrays, ([name, array]) => ({ name, ...writableOf(array) }));
  for (const { name, shape, dtype, length } of writable) {
    header[name] = { dtype, shape, data_offsets: [offset, offset + length] };
    offset += length;
  }
  const json = Buffer.from(JSON.stringify(header));
  // The data begins at a multiple of 8 bytes, as the format asks.
  const padded = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, 0x20);
  padded.writeBigUInt64LE(BigInt(padded.length - 8), 0);
  json.copy(padded, 8);
  const file = await open(path, 'wx');
  try {
    await writeFully(file, padded, 0);
    let position = padded.length;
    for (const { name, length, bytes: read } of writable) {
      const bytes = await read();
      assert(bytes.length === length, `the array ${name} has ${bytes.length} bytes, its shape ${length}`);
      await writeFully(file, bytes, position);
      position += length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Where the arrays of a file lie. */
export interface SafetensorsHeader {
  readonly entries: Readonly<
    Record<
      string,
      { readonly dtype: string; readonly shape: readonly number[]; readonly data_offsets: readonly [number, number] }
    >
  >;
  /** Position of the first byte of data, from which `data_offsets` count. */
  readonly dataStart: number;
  /** Bytes of the file. */
  readonly size: number;
}

/** @throws FormatError `SAFETENSORS_MALFORMED` when the file is cut off inside the header or is not in the format */
export async function readSafetensorsHeader(file: FileHandle, path: string): Promise<SafetensorsHeader> {
  const { size } = await file.stat();
  const start = Buffer.alloc(8);
  if (size < 8) throw malformedSafetensors(path, `${size} bytes are too few for a header`, 0);
  await readFully(file, start, 0);
  const headerLength = Number(start.readBigUInt64LE(0));
  if (headerLength > Math.min(size - 8, MAXIMUM_HEADER_BYTES))
    throw malformedSafetensors(path, `header of ${headerLength} bytes in a file of ${size}`, 0);
  const json = Buffer.alloc(headerLength);
  await readFully(file, json, 8);
  const header = headerSchema.safeParse(parseHeader(json));
  if (!header.success) throw malformedSafetensors(path, 'the header is not what the format asks for', 8);
  return { entries: header.data, dataStart: 8 + headerLength, size };
}

/**
 * Reads every array of a file, all of them F32 or F16.
 *
 * @throws CemError `SAFETENSORS_MISSING` when the file cannot be opened, FormatError `SAFETENSORS_MALFORMED` when it is cut off or is not in the format
 */
export async function readSafetensors(path: string): Promise<Map<string, NamedArray>> {
  const file = await openForReading(path);
  try {
    const { entries, dataStart, size } = await readSafetensorsHeader(file, path);
    const arrays = new Map<string, NamedArray>();
    for (const [name, entry] of Object.entries(entries)) {
      const [from, to] = entry.data_offsets;
      const elements = entry.shape.reduce((product, length) => product * length, 1);
      if (entry.dtype !== 'F32' && entry.dtype !== 'F16')
        throw malformedSafetensors(path, `array "${name}" has type ${entry.dtype}, F32 or F16 was expected`, 8);
      if (to - from !== STORED_TYPES[entry.dtype] * elements || dataStart + to > size)
        throw malformedSafetensors(path, `array "${name}" does not fit in the file`, dataStart + from);
      const data = entry.dtype === 'F32' ? new Float32Array(elements) : new Uint16Array(elements);
      await readFully(file, bytesOf(data), dataStart + from);
      arrays.set(name, { shape: entry.shape, data: data instanceof Float32Array ? data : Float32Array.from(data, fromHalf) });
    }
    return arrays;
  } finally {
    await file.close();
  }
}

function malformedSafetensors(path: string, what: string, position: number): FormatError {
  return new FormatError(
    'SAFETENSORS_MALFORMED',
    `${path}: ${what} at byte ${position}; the file is damaged or cut off, use another checkpoint`,
    { details: { path, position } },
  );
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw new CemError('SAFETENSORS_MISSING', `${path} cannot be opened; the checkpoint is not whole, use another one`, {
      details: { path },
      cause,
    });
  }
}

/** The header without the file's own metadata, which has another form; undefined when it is not a JSON object. */
function parseHeader(json: Buffer): unknown {
  try {
    const header: unknown = JSON.parse(json.toString('utf8'));
    if (Array.isArray(header)) return undefined;
    const { __metadata__: _metadata, ...arrays } = header as Record<string, unknown>;
    return arrays;
  } catch {
    return undefined;
  }
}
