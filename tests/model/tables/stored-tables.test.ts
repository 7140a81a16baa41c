import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/errors.ts';
import { RandomNumbers } from '../../../base/random.ts';
import { HashTables } from '../../../model/tables/hash-tables.ts';
import { StoredTables } from '../../../model/tables/stored-tables.ts';
import { randomBatch } from '../random-batch.ts';

const test = suite('stored tables');

const DIMENSION = 16;
const ROWS = 5000;
const TABLES = 2;
const BYTE_ROWS = 260;
/** Bytes before the first table: tables do not begin where the file does. */
const HEADER = 104;

/** Tables in memory and the same in a file, one after the other. */
function withStoredTables(use: (path: string, open: (cacheBytes: number) => StoredTables, resident: HashTables) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'cem-stored-tables-'));
  try {
    const path = join(folder, 'tables');
    const resident = new HashTables(DIMENSION, TABLES, ROWS);
    resident.randomize(1);
    const pieces = resident.tables.map((table) => Buffer.from(Float32Array.from(table).buffer));
    writeFileSync(path, Buffer.concat([Buffer.alloc(HEADER, 0xff), ...pieces]));
    let position = HEADER;
    const tables = pieces.map((piece) => {
      const table = { position, rows: piece.length / (4 * DIMENSION) };
      position += piece.length;
      return table;
    });
    use(path, (cacheBytes) => new StoredTables(path, tables, DIMENSION, cacheBytes), resident);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.instance(error, CemError);
    return (error as CemError).code;
  }
  return 'nothing was thrown';
}

// No cache to speak of, one that is shared by many rows, one for everything.
for (const cacheBytes of [0, 20_000, 10_000_000]) {
  test(`embeddings are bit by bit those of tables in memory, with a cache of ${cacheBytes} bytes`, () => {
    withStoredTables((_, open, resident) => {
      const stored = new HashTables(DIMENSION, TABLES, ROWS, open(cacheBytes));
      assert.is(stored.size, resident.size);
      const random = new RandomNumbers(2, 'batches');
      for (let round = 0; round < 20; round++) {
        // Rows near each other are read together, rows far apart are not.
        const rows = [BYTE_ROWS, round % 2 === 0 ? 40 : ROWS, ROWS];
        const batch = randomBatch(random, { size: 4, symbols: 10, longestSymbol: 12, rows });
        assert.equal(stored.embed(batch), resident.embed(batch), `round ${round}`);
      }
      stored.dispose();
    });
  });
}

test('each row of each table is found, the first and the last among them', () => {
  withStoredTables((_, open, resident) => {
    const stored = open(1000);
    resident.tables.forEach((table, number) => {
      const rows = Int32Array.from({ length: table.length / DIMENSION }, (__, row) => row).reverse();
      const values = new Float32Array(table.length);
      stored.gather(number, rows, values);
      rows.forEach((row, i) => {
        const got = values.subarray(i * DIMENSION, (i + 1) * DIMENSION);
        if (!Buffer.from(got.slice().buffer).equals(Buffer.from(table.slice(row * DIMENSION, (row + 1) * DIMENSION).buffer)))
          assert.unreachable(`table ${number}, row ${row}`);
      });
    });
    stored.close();
    stored.close();
  });
});

test('what was read is not read again: rows in the cache outlive the end of the file', () => {
  withStoredTables((path, open) => {
    const stored = open(10_000_000);
    const rows = Int32Array.of(ROWS - 1, 17, 4000);
    const [first, second] = [new Float32Array(3 * DIMENSION), new Float32Array(3 * DIMENSION)];
    stored.gather(2, rows, first);
    truncateSync(path, HEADER);
    stored.gather(2, rows, second);
    assert.equal(second, first);
    assert.is(
      codeOf(() => stored.gather(2, Int32Array.of(18), second)),
      'TABLES_CUT_OFF',
    );
    stored.close();
  });
});

test('stored tables cannot be written, and tables of another shape are not taken for them', () => {
  withStoredTables((path, open) => {
    const stored = new HashTables(DIMENSION, TABLES, ROWS, open(1000));
    assert.is(
      codeOf(() => stored.tables),
      'TABLES_STORED',
    );
    assert.is(
      codeOf(() => stored.randomize(1)),
      'TABLES_STORED',
    );
    stored.dispose();
    const other = open(1000);
    assert.throws(() => new HashTables(DIMENSION, TABLES, ROWS + 1, other), /should hold tables of 260, 5001, 5001 rows of 16/);
    other.close();
    assert.throws(() => other.gather(0, Int32Array.of(1), new Float32Array(DIMENSION)), /is closed/);
    assert.is(
      codeOf(() => new StoredTables(`${path}.missing`, [], DIMENSION, 0)),
      'TABLES_MISSING',
    );
  });
});

test.run();
