import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { RowSorter } from '../../../training/device/unique-rows.ts';

const test = suite('unique rows');

test('rows ascend, each once, and every position names its own: of tables that are nearly all touched, and of large ones', () => {
  const random = new RandomNumbers(1, 'rows');
  const sorter = new RowSorter(100_000);
  // 100,000 rows are more than 1,024 for each of 90 positions, the others are not: both ways to sort.
  for (const tableRows of [40, 100_000, 1000, 32, 40]) {
    const positions = [30, 0, 60].map((length) => Int32Array.from({ length }, () => random.integer(tableRows)));
    const { rows, places } = sorter.sort(positions, tableRows);
    assert.equal(
      Array.from(rows),
      [...new Set(positions.flatMap((own) => [...own]))].sort((a, b) => a - b),
    );
    positions.forEach((own, list) => {
      assert.equal(
        Array.from(places[list]!, (place) => rows[place]),
        Array.from(own),
      );
    });
  }
});

test('no position, no row', () => {
  assert.is(new RowSorter(5).sort([new Int32Array(0)], 5).rows.length, 0);
});

test.run();
