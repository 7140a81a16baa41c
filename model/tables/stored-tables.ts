import assert from 'node:assert/strict';
import { closeSync, openSync, readSync } from 'node:fs';
import { CemError, FormatError } from '../../base/index.ts';
import type { TableSource } from './table-source.ts';

/** Where a table of little-endian float32 numbers lies in a file, [rows, dimension]. */
export interface StoredTable {
  /** First byte. */
  readonly position: number;
  readonly rows: number;
}

/** One read takes at most so many bytes. */
const LARGEST_READ = 256 * 1024;
/** Rows with fewer bytes between them are read together: the bytes cost less than another call. */
const GAP_BYTES = 16 * 1024;
const NO_ROW = -1;

/** Rows of one table that were read before; a row has one place, which the rows share that are the same modulo the places. */
interface RowCache {
  readonly places: number;
  /** [places] the row that a place holds, NO_ROW for none. */
  readonly rowAt: Int32Array;
  /** [places, dimension] */
  readonly values: Float32Array;
}

/** Tables in a file, read by position when rows are asked for: what is in memory is a cache of a fixed size, whatever the tables hold. */
export class StoredTables implements TableSource {
  readonly name: string;
  readonly dimension: number;
  readonly rows: readonly number[];
  readonly #tables: readonly StoredTable[];
  readonly #caches: readonly RowCache[];
  readonly #buffer: Uint8Array;
  #file: number | undefined;

  /**
   * @param tables the bytes' table, then one an n-gram size
   * @param cacheBytes what cached rows of all tables together may take
   * @throws CemError `TABLES_MISSING` when the file cannot be opened
   */
  constructor(path: string, tables: readonly StoredTable[], dimension: number, cacheBytes: number) {
    this.name = path;
    this.dimension = dimension;
    this.rows = tables.map((table) => table.rows);
    this.#tables = tables;
    this.#caches = makeCaches(this.rows, dimension, cacheBytes);
    this.#buffer = new Uint8Array(Math.max(LARGEST_READ, 4 * dimension));
    try {
      this.#file = openSync(path, 'r');
    } catch (cause) {
      throw new CemError('TABLES_MISSING', `${path} cannot be opened; name a checkpoint that is whole`, {
        details: { path },
        cause,
      });
    }
  }

  /** @throws FormatError `TABLES_CUT_OFF` when the file ends before a row does */
  gather(table: number, rows: Int32Array, output: Float32Array): void {
    const { dimension } = this;
    const cache = this.#caches[table]!;
    const missing: number[] = [];
    for (let i = 0; i < rows.length; i++) {
      const place = rows[i]! % cache.places;
      if (cache.rowAt[place] === rows[i])
        output.set(cache.values.subarray(place * dimension, (place + 1) * dimension), i * dimension);
      else missing.push(i);
    }
    missing.sort((a, b) => rows[a]! - rows[b]!);
    const rowBytes = 4 * dimension;
    for (let from = 0, to = 0; from < missing.length; from = to) {
      const first = rows[missing[from]!]!;
      to = from + 1;
      while (to < missing.length) {
        const row = rows[missing[to]!]!;
        const gap = (row - rows[missing[to - 1]!]! - 1) * rowBytes;
        if (gap > GAP_BYTES || (row - first + 1) * rowBytes > this.#buffer.length) break;
        to++;
      }
      const values = this.#read(table, first, rows[missing[to - 1]!]! - first + 1);
      for (let i = from; i < to; i++) {
        const row = rows[missing[i]!]!;
        const found = values.subarray((row - first) * dimension, (row - first + 1) * dimension);
        output.set(found, missing[i]! * dimension);
        const place = row % cache.places;
        cache.rowAt[place] = row;
        cache.values.set(found, place * dimension);
      }
    }
  }

  /** @returns [count, dimension], valid until the next read */
  #read(table: number, row: number, count: number): Float32Array {
    assert(this.#file !== undefined, `${this.name} is closed`);
    const bytes = 4 * this.dimension * count;
    const position = this.#tables[table]!.position + 4 * this.dimension * row;
    let done = 0;
    while (done < bytes) {
      const got = readSync(this.#file, this.#buffer, done, bytes - done, position + done);
      if (got === 0) {
        throw new FormatError(
          'TABLES_CUT_OFF',
          `${this.name} ends at byte ${position + done}, inside row ${row} of table ${table}; the file was changed after it was opened, use another checkpoint`,
          { details: { path: this.name, position: position + done, table, row } },
        );
      }
      done += got;
    }
    return new Float32Array(this.#buffer.buffer, 0, bytes / 4);
  }

  /** Closes the file; a second call does nothing. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** Small tables are cached as a whole; the others share what is left. */
function makeCaches(rows: readonly number[], dimension: number, bytes: number): RowCache[] {
  let places = Math.floor(bytes / (4 * dimension));
  const caches: RowCache[] = [];
  const ascending = rows.map((_, table) => table).sort((a, b) => rows[a]! - rows[b]!);
  ascending.forEach((table, done) => {
    const share = Math.max(1, Math.min(rows[table]!, Math.floor(places / (rows.length - done))));
    places -= share;
    caches[table] = { places: share, rowAt: new Int32Array(share).fill(NO_ROW), values: new Float32Array(share * dimension) };
  });
  return caches;
}
