import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { loadTables, openTables, type TableFile, tablesForEncoding } from '../../../checkpoints/store/load-tables.ts';
import { writeSafetensors } from '../../../checkpoints/store/safetensors.ts';
import { HashTables } from '../../../model/tables/hash-tables.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { randomBatch } from '../../model/random-batch.ts';

const test = suite('load tables');

const DIMENSION = 64;
/** Tables of 1.3 million numbers: more than one piece. */
const ROWS = 20_000;
const NAMES = ['bytes', 'ngram-3', 'ngram-5'];

function withTables(use: (file: TableFile, tables: HashTables) => Promise<void>): Promise<void> {
  return withTemporaryFolder(async (folder) => {
    const tables = new HashTables(DIMENSION, 2, ROWS);
    tables.randomize(1);
    const path = join(folder, 'tables.safetensors');
    const arrays = NAMES.map((name, index) => {
      const data = tables.tables[index]!;
      return [name, { shape: [data.length / DIMENSION, DIMENSION], data }] as const;
    });
    // In the file the tables stand in another order than in the model.
    await writeSafetensors(path, new Map([...arrays].reverse()));
    await use({ path, names: NAMES, dimension: DIMENSION, rows: ROWS }, tables);
  });
}

test('loaded and opened tables embed as those that were written', () =>
  withTables(async (file, tables) => {
    const loaded = await loadTables(file);
    assert.equal(
      loaded.tables.map((table) => table.slice()),
      tables.tables.map((table) => table.slice()),
    );
    const opened = await openTables(file, 100_000);
    const random = new RandomNumbers(1, 'batch');
    for (let round = 0; round < 5; round++) {
      const batch = randomBatch(random, { size: 3, symbols: 20, longestSymbol: 5, rows: [260, ROWS, ROWS] });
      const expected = tables.embed(batch);
      assert.equal(loaded.embed(batch), expected);
      assert.equal(opened.embed(batch), expected);
    }
    opened.dispose();
  }));

test('tables for encoding are in memory as long as they fit into what is allowed', () =>
  withTables(async (file, tables) => {
    const bytes = 4 * tables.size;
    assert.is((await tablesForEncoding(file, bytes)).tables.length, 3);
    const opened = await tablesForEncoding(file, bytes - 1);
    assert.is(opened.size, tables.size);
    assert.throws(() => opened.tables, /are read row by row/);
    opened.dispose();
  }));

test('other tables, a file that is cut off and no file are refused, loading and opening alike', () =>
  withTables(async (file) => {
    for (const open of [loadTables, openTables] as const) {
      for (const [change, message] of [
        [{ rows: ROWS + 1 }, /"ngram-3" should be F32 or F16 or I8 or U8 \[20001, 64\], got F32 \[20000, 64\]/],
        [{ dimension: 32 }, /"bytes" should be F32 or F16 or I8 or U8 \[260, 32\]/],
        [{ names: ['bytes', 'ngram-3', 'ngram-4'] }, /"ngram-4" should be .* got nothing/],
      ] as const) {
        const error = await errorOf(() => open({ ...file, ...change }));
        assert.is(error.code, 'CHECKPOINT_SHAPE');
        assert.match(error.message, message);
      }
      assert.is((await errorOf(() => open({ ...file, path: `${file.path}.missing` }))).code, 'SAFETENSORS_MISSING');
    }
    // Reversed, the bytes' table comes last.
    truncateSync(file.path, 2 * 4 * ROWS * DIMENSION + 1000);
    for (const open of [loadTables, openTables] as const)
      assert.is((await errorOf(() => open(file))).code, 'SAFETENSORS_MALFORMED');
  }));

test.run();
