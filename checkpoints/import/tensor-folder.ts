import { type FileHandle, open, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { CemError, FormatError, fromHalf, readFully } from '../../base/index.ts';
import { readSafetensorsHeader } from '../store/safetensors.ts';

const SINGLE_FILE = 'model.safetensors';
const INDEX_FILE = 'model.safetensors.index.json';
/** Numbers of one read: what is in memory beside the values themselves. */
const NUMBERS_PER_READ = 2 ** 22;

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/** Types of numbers that are read, all as float32. */
const NUMBER_TYPES: Readonly<Record<string, { readonly bytes: number; convert(data: DataView, at: number): number }>> = {
  F32: { bytes: 4, convert: (data, at) => data.getFloat32(at, true) },
  F16: { bytes: 2, convert: (data, at) => fromHalf(data.getUint16(at, true)) },
  // The upper half of a float32.
  BF16: { bytes: 2, convert: (data, at) => bfloat16(data.getUint16(at, true)) },
};

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

function bfloat16(half: number): number {
  bits[0] = half << 16;
  return float[0]!;
}

interface StoredTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly file: FileHandle;
  readonly path: string;
  /** First byte in the file. */
  readonly position: number;
}

/** The tensors of a transformers checkpoint, in one safetensors file or in shards, read one at a time. */
export class TensorFolder {
  readonly #files: readonly FileHandle[];
  readonly #tensors: ReadonlyMap<string, StoredTensor>;

  private constructor(files: readonly FileHandle[], tensors: ReadonlyMap<string, StoredTensor>) {
    this.#files = files;
    this.#tensors = tensors;
  }

  /**
   * @param folder holds `model.safetensors`, or `model.safetensors.index.json` and the shards that it names
   * @throws CemError `IMPORT_MISSING`; FormatError `IMPORT_MALFORMED`, `SAFETENSORS_MALFORMED`
   */
  static async open(folder: string): Promise<TensorFolder> {
    const shards = await shardNames(folder);
    const files: FileHandle[] = [];
    const tensors = new Map<string, StoredTensor>();
    try {
      for (const name of shards) {
        const path = join(folder, name);
        const file = await openShard(path);
        files.push(file);
        const { entries, dataStart, size } = await readSafetensorsHeader(file, path);
        for (const [
          tensor,
          {
            dtype,
            shape,
            data_offsets: [from, to],
          },
        ] of Object.entries(entries)) {
          const bytes = shape.reduce((product, length) => product * length, NUMBER_TYPES[dtype]?.bytes ?? Number.NaN);
          // Tensors of types that are not read may be there, as long as nobody asks for them.
          if ((!Number.isNaN(bytes) && to - from !== bytes) || dataStart + to > size)
            throw malformedImport(path, `tensor "${tensor}" does not fit in the file`);
          tensors.set(tensor, { shape, dtype, file, path, position: dataStart + from });
        }
      }
    } catch (error) {
      await Promise.all(files.map((file) => file.close()));
      throw error;
    }
    return new TensorFolder(files, tensors);
  }

  get names(): string[] {
    return [...this.#tensors.keys()];
  }

  /** Undefined when there is no such tensor. */
  shapeOf(name: string): readonly number[] | undefined {
    return this.#tensors.get(name)?.shape;
  }

  /**
   * Reads a stretch of a tensor's numbers, in its own order, as float32.
   *
   * @param output is filled; its length says how many numbers
   * @param from first number
   * @throws FormatError `IMPORT_MALFORMED` for a type that is not F32, F16 or BF16, and when the file ends before
   */
  async read(name: string, output: Float32Array, from = 0): Promise<void> {
    const tensor = this.#tensors.get(name)!;
    const { file, path, position, dtype } = tensor;
    const type = NUMBER_TYPES[dtype];
    if (!type)
      throw malformedImport(
        path,
        `tensor "${name}" has type ${dtype}, one of ${Object.keys(NUMBER_TYPES).join(', ')} was expected`,
      );
    const buffer = Buffer.alloc(type.bytes * Math.min(NUMBERS_PER_READ, output.length));
    const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    for (let done = 0; done < output.length; done += NUMBERS_PER_READ) {
      const count = Math.min(NUMBERS_PER_READ, output.length - done);
      const bytes = type.bytes * count;
      const got = await readFully(file, buffer.subarray(0, bytes), position + type.bytes * (from + done));
      if (got < bytes) throw malformedImport(path, `the file ends inside of "${name}"`);
      for (let i = 0; i < count; i++) output[done + i] = type.convert(view, type.bytes * i);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.close()));
  }
}

async function shardNames(folder: string): Promise<string[]> {
  const path = join(folder, INDEX_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return [SINGLE_FILE];
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw malformedImport(path, 'it is not JSON', cause);
  }
  const parsed = indexSchema.safeParse(json);
  if (!parsed.success) throw malformedImport(path, 'it has no weight_map of names', parsed.error);
  const names = [...new Set(Object.values(parsed.data.weight_map))].sort();
  const outside = names.find((name) => basename(name) !== name);
  if (outside !== undefined) throw malformedImport(path, `it names ${JSON.stringify(outside)}, which is not a file beside it`);
  return names;
}

async function openShard(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw new CemError(
      'IMPORT_MISSING',
      `${path} cannot be opened; name a folder with ${SINGLE_FILE}, or with ${INDEX_FILE} and every shard that it names`,
      { details: { path }, cause },
    );
  }
}

function malformedImport(path: string, what: string, cause?: unknown): FormatError {
  return new FormatError('IMPORT_MALFORMED', `${path}: ${what}; download the checkpoint again`, { details: { path }, cause });
}
