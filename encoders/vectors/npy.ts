import assert from 'node:assert/strict';
import { type FileHandle, open } from 'node:fs/promises';
import { AtomicFile, CemError, FormatError, fromHalf, messageOf, readFully, toHalf } from '../../base/index.ts';

/** How numbers lie in the file: little-endian IEEE 754 of 16 or 32 bits. */
export type NpyPrecision = 'float16' | 'float32';

// Layout: numpy.lib.format's documentation, "Format Version 1.0" to "3.0".
const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
/** numpy pads a header of two axes to this size as well, and leaves room for the first one to grow: the files are equal to its own. */
const HEADER_BYTES = 128;
/** Before the header's text in version 1.0; version 2.0 and 3.0 have 2 bytes more of length. */
const PREAMBLE_BYTES = 10;
const LONGEST_HEADER = 1 << 16;
/** Bytes read at once when rows are read one after another. */
const READ_BYTES = 1 << 22;

const BYTES = { '<f2': 2, '<f4': 4, '<f8': 8 } as const;
type Descriptor = keyof typeof BYTES;
const DESCRIPTORS: Readonly<Record<NpyPrecision, Descriptor>> = { float16: '<f2', float32: '<f4' };

function headerOf(descriptor: Descriptor, rows: number, dimension: number): Buffer {
  const text = `{'descr': '${descriptor}', 'fortran_order': False, 'shape': (${rows}, ${dimension}), }`;
  assert.ok(text.length < HEADER_BYTES - PREAMBLE_BYTES);
  const header = Buffer.alloc(HEADER_BYTES, ' ');
  MAGIC.copy(header);
  header.writeUInt8(1, 6);
  header.writeUInt8(0, 7);
  header.writeUInt16LE(HEADER_BYTES - PREAMBLE_BYTES, 8);
  header.write(text, PREAMBLE_BYTES, 'latin1');
  header.write('\n', HEADER_BYTES - 1, 'latin1');
  return header;
}

/**
 * Writes a matrix row by row as `.npy` (version 1.0, rows after one another). How many rows there are need not be known before. The file appears under its name at
 * `commit`, whole.
 */
export class NpyWriter {
  readonly dimension: number;
  readonly precision: NpyPrecision;
  readonly #file: AtomicFile;
  #rows = 0;

  private constructor(file: AtomicFile, dimension: number, precision: NpyPrecision) {
    this.#file = file;
    this.dimension = dimension;
    this.precision = precision;
  }

  /** @throws CemError `FILE_CREATE`, `FILE_WRITE` */
  static async create(path: string, dimension: number, precision: NpyPrecision = 'float32'): Promise<NpyWriter> {
    assert.ok(Number.isSafeInteger(dimension) && dimension > 0, `dimension ${dimension}`);
    const file = await AtomicFile.create(path);
    await file.append(new Uint8Array(HEADER_BYTES));
    return new NpyWriter(file, dimension, precision);
  }

  /** Rows appended so far. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * @param data [rows, dimension]
   * @throws CemError `FILE_WRITE`
   */
  async append(data: Float32Array): Promise<void> {
    assert.equal(data.length % this.dimension, 0);
    const width = this.precision === 'float16' ? 2 : 4;
    const bytes = Buffer.alloc(data.length * width);
    for (const [index, value] of data.entries()) {
      if (this.precision === 'float16') bytes.writeUInt16LE(toHalf(value), index * width);
      else bytes.writeFloatLE(value, index * width);
    }
    await this.#file.append(bytes);
    this.#rows += data.length / this.dimension;
  }

  /** @throws CemError `FILE_WRITE` */
  async commit(): Promise<void> {
    await this.#file.overwrite(headerOf(DESCRIPTORS[this.precision], this.#rows, this.dimension), 0);
    await this.#file.commit();
  }

  /** Removes what was written; nothing happens after `commit`. */
  abort(): Promise<void> {
    return this.#file.abort();
  }
}

interface NpyLayout {
  readonly descriptor: Descriptor;
  readonly rows: number;
  readonly dimension: number;
  /** Position of the first number. */
  readonly start: number;
}

/** A matrix in a `.npy` file, read in pieces: float16, float32 or float64, little-endian, two axes, rows after one another. */
export class NpyReader {
  readonly path: string;
  readonly rows: number;
  readonly dimension: number;
  readonly #file: FileHandle;
  readonly #layout: NpyLayout;

  private constructor(path: string, file: FileHandle, layout: NpyLayout) {
    this.path = path;
    this.rows = layout.rows;
    this.dimension = layout.dimension;
    this.#file = file;
    this.#layout = layout;
  }

  /** @throws CemError `FILE_OPEN`; FormatError `NPY_MALFORMED`, `NPY_UNSUPPORTED` */
  static async open(path: string): Promise<NpyReader> {
    const file = await open(path, 'r').catch((cause: unknown) => {
      throw new CemError('FILE_OPEN', `cannot read ${path}: ${messageOf(cause)}`, { details: { path }, cause });
    });
    try {
      return new NpyReader(path, file, await readLayout(path, file));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * @returns [count, dimension]
   * @throws FormatError `NPY_MALFORMED` when the file was cut meanwhile
   */
  async read(first: number, count: number): Promise<Float32Array> {
    assert.ok(first >= 0 && count >= 0 && first + count <= this.rows, `rows ${first} to ${first + count} of ${this.rows}`);
    const { descriptor, start, dimension } = this.#layout;
    const width = BYTES[descriptor];
    const data = new Float32Array(count * dimension);
    const piece = Buffer.alloc(Math.min(data.length * width, READ_BYTES));
    for (let done = 0; done < data.length; ) {
      const numbers = Math.min(data.length - done, piece.length / width);
      const position = start + (first * dimension + done) * width;
      const bytesRead = await readFully(this.#file, piece.subarray(0, numbers * width), position);
      if (bytesRead < numbers * width) throw malformedNpy(this.path, 'it was cut while it was read');
      for (let index = 0; index < numbers; index++) data[done + index] = numberAt(piece, index, descriptor);
      done += numbers;
    }
    return data;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function numberAt(bytes: Buffer, index: number, descriptor: Descriptor): number {
  if (descriptor === '<f2') return fromHalf(bytes.readUInt16LE(2 * index));
  return descriptor === '<f4' ? bytes.readFloatLE(4 * index) : bytes.readDoubleLE(8 * index);
}

async function readLayout(path: string, file: FileHandle): Promise<NpyLayout> {
  const { size } = await file.stat();
  const head = Buffer.alloc(Math.min(size, LONGEST_HEADER));
  await readFully(file, head, 0);
  if (head.length < PREAMBLE_BYTES + 2 || !head.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw malformedNpy(path, 'it does not begin as a .npy file does');
  }
  const version = head.readUInt8(6);
  if (version < 1 || version > 3) throw unsupported(path, `version ${version} of the format`);
  const textStart = version === 1 ? PREAMBLE_BYTES : PREAMBLE_BYTES + 2;
  const start = textStart + (version === 1 ? head.readUInt16LE(8) : head.readUInt32LE(8));
  if (start > head.length) throw malformedNpy(path, 'its header is cut off');
  return { ...parseHeader(path, head.toString('latin1', textStart, start), size - start), start };
}

function parseHeader(path: string, text: string, contentBytes: number): Omit<NpyLayout, 'start'> {
  const descriptor = /'descr': '([^']+)'/.exec(text)?.[1];
  const columnsFirst = /'fortran_order': (True|False)/.exec(text)?.[1];
  const shape = /'shape': \(([\d, ]*)\)/.exec(text)?.[1];
  if (descriptor === undefined || columnsFirst === undefined || shape === undefined) {
    throw malformedNpy(path, `its header is ${JSON.stringify(text.trim().slice(0, 200))}`);
  }
  const known = (['<f2', '<f4', '<f8'] as const).find((name) => name === descriptor);
  if (known === undefined) throw unsupported(path, `numbers of the kind ${descriptor}`);
  if (columnsFirst === 'True') throw unsupported(path, 'columns after one another (fortran_order)');
  const axes = shape.split(',').flatMap((axis) => (axis.trim() === '' ? [] : [Number(axis)]));
  const [rows, dimension] = axes;
  if (rows === undefined || dimension === undefined || axes.length !== 2 || dimension === 0) {
    throw unsupported(path, `the shape (${shape})`);
  }
  const expected = rows * dimension * BYTES[known];
  if (contentBytes === expected) return { descriptor: known, rows, dimension };
  throw malformedNpy(path, `it holds ${contentBytes} bytes of numbers, where the shape (${shape}) needs ${expected}`);
}

function malformedNpy(path: string, what: string): FormatError {
  return new FormatError('NPY_MALFORMED', `${path} is no whole .npy file: ${what}; write it again`, { details: { path } });
}

function unsupported(path: string, what: string): FormatError {
  return new FormatError(
    'NPY_UNSUPPORTED',
    `${path} has ${what}: save a matrix of little-endian float16, float32 or float64, rows after one another (numpy.ascontiguousarray)`,
    { details: { path } },
  );
}
