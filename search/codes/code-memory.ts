import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { CemError } from '../../base/index.ts';

const PAGE_BYTES = 65_536;
/** 4 GiB: what a WebAssembly memory can be. */
const MAXIMUM_PAGES = 65_536;
/** Rows that lie together, byte by byte (assembly/scan-codes.ts). */
const GROUP_ROWS = 32;
/** Rows that one call of the kernel looks at: their scores stay in the processor's cache. A multiple of a group. */
export const SCANNED_ROWS = 8192;
const SCRATCH_BYTES = 32;
const ALIGNMENT = 64;

interface CodeKernel {
  scanCodes(
    codes: number,
    rows: number,
    bytes: number,
    tables: number,
    bar: number,
    places: number,
    scores: number,
    scratch: number,
  ): number;
}

/** Rows that reached the bar, valid until the next scan. */
export interface ScannedRows {
  readonly count: number;
  /** Numbers of rows, counted from the first that was scanned. */
  readonly places: Int32Array;
  readonly scores: Uint16Array;
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

let compiled: WebAssembly.Module | undefined;

/** Codes of one length in a WebAssembly memory, 32 rows together, and the kernel that scans them. It grows by doubling up to a quarter more than is needed. */
export class CodeMemory {
  readonly #bytes: number;
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: MAXIMUM_PAGES });
  readonly #kernel: CodeKernel;
  readonly #tables = SCRATCH_BYTES;
  readonly #places: number;
  readonly #scores: number;
  readonly #codes: number;
  /** Replaced when the memory grows: the old one is gone then. */
  #view: Uint8Array;

  /** @param bytes of a code */
  constructor(bytes: number) {
    compiled ??= new WebAssembly.Module(readFileSync(new URL('./scan-codes.wasm', import.meta.url)));
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory: this.#memory } });
    this.#kernel = exports as unknown as CodeKernel;
    this.#bytes = bytes;
    this.#places = aligned(this.#tables + 32 * bytes);
    this.#scores = this.#places + 4 * SCANNED_ROWS;
    this.#codes = this.#scores + 2 * SCANNED_ROWS;
    this.#view = new Uint8Array(this.#memory.buffer);
    this.reserve(0);
  }

  /**
   * Makes room for so many rows.
   *
   * @throws CemError `CODES_MEMORY` where the system, or a WebAssembly memory's 4 GiB, has no room for them
   */
  reserve(rows: number): void {
    const end = this.#codes + Math.ceil(rows / GROUP_ROWS) * GROUP_ROWS * this.#bytes;
    const missing = Math.ceil((end - this.#view.length) / PAGE_BYTES);
    if (missing <= 0) return;
    const pages = this.#view.length / PAGE_BYTES;
    // A quarter more than there is, so that growing row by row costs little.
    const wanted = Math.max(missing, Math.min(pages >> 2, MAXIMUM_PAGES - pages));
    try {
      this.#memory.grow(wanted);
    } catch (cause) {
      throw new CemError(
        'CODES_MEMORY',
        `there is no memory for ${rows} binary codes of ${this.#bytes} bytes; search in the database`,
        {
          details: { rows, bytes: end },
          cause,
        },
      );
    }
    this.#view = new Uint8Array(this.#memory.buffer);
  }

  /** Bytes that it takes now. */
  get size(): number {
    return this.#view.length;
  }

  /** Puts a code at a row's place, for which room was reserved. */
  write(row: number, code: Uint8Array): void {
    assert.equal(code.length, this.#bytes);
    const first = this.#addressOf(row);
    for (let index = 0; index < code.length; index++) this.#view[first + GROUP_ROWS * index] = code[index]!;
  }

  read(row: number): Uint8Array {
    const first = this.#addressOf(row);
    return Uint8Array.from({ length: this.#bytes }, (_, index) => this.#view[first + GROUP_ROWS * index]!);
  }

  /** @param tables those of `queryTables`, for the scans that follow */
  setQuery(tables: Uint8Array): void {
    assert.equal(tables.length, 32 * this.#bytes);
    this.#view.set(tables, this.#tables);
  }

  /**
   * The rows from `first` on, a multiple of a group, whose score reaches the bar.
   *
   * @param rows how many are scanned, at most SCANNED_ROWS
   */
  scan(first: number, rows: number, bar: number): ScannedRows {
    assert.ok(first % GROUP_ROWS === 0 && rows <= SCANNED_ROWS);
    const [places, scores] = [this.#places, this.#scores];
    const count = this.#kernel.scanCodes(this.#addressOf(first), rows, this.#bytes, this.#tables, bar, places, scores, 0);
    return {
      count,
      places: new Int32Array(this.#memory.buffer, places, count),
      scores: new Uint16Array(this.#memory.buffer, scores, count),
    };
  }

  #addressOf(row: number): number {
    return this.#codes + Math.floor(row / GROUP_ROWS) * GROUP_ROWS * this.#bytes + (row % GROUP_ROWS);
  }
}
