import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { ExactIndex, type InnerProducts, plainInnerProducts, type VectorStorage } from '../../../search/exact/index.ts';
import { VectorBlock } from '../../../search/exact/vector-block.ts';
import { recallAgainst } from '../../../search/recall.ts';

const test = suite('how exact search keeps vectors');

const BYTES: Record<VectorStorage, number> = { float32: 4, float16: 2, int8: 1 };

test('float32 comes back as it was; float16 within 2^-11 of each value; int8 within half a step of the row', () => {
  const numbers = new RandomNumbers(1, 'block');
  const dimension = 33;
  const rows = Array.from({ length: 150 }, (_, row) => {
    const scale = 10 ** -(row % 4);
    return Float32Array.from({ length: dimension }, () => numbers.normal() * scale);
  });
  rows[5]!.fill(0);
  for (const storage of ['float32', 'float16', 'int8'] as const) {
    const block = new VectorBlock(dimension, storage, rows.length, 8);
    for (const row of rows) block.append(row);
    assert.ok(block.isFull);
    block.write(0, rows[7]!);
    const values = block.read(new Float32Array(rows.length * dimension));
    assert.is(values.length, rows.length * dimension);
    [rows[7]!, ...rows.slice(1)].forEach((row, number) => {
      const largest = Math.max(...row.map(Math.abs));
      row.forEach((value, index) => {
        const error = Math.abs(values[number * dimension + index]! - value);
        // Halves below 2^-14 are multiples of 2^-24; the product with a float32 scale rounds once more.
        const most = { float32: 0, float16: Math.max(Math.abs(value) * 2 ** -11, 2 ** -25), int8: (largest / 254) * (1 + 1e-5) };
        assert.ok(error <= most[storage], `${storage}: ${value} came back with an error of ${error}`);
      });
    });
  }
});

test('values that halves and integers hold come back exactly, those between two round to the even one', () => {
  const half = new VectorBlock(4, 'float16', 1);
  // 1 + 2^-11 lies in the middle between 1 and 1 + 2^-10; 1 + 3 * 2^-11 between 1 + 2^-10 and 1 + 2^-9.
  half.append(Float32Array.from([0.5, -(2 ** -24), 1 + 2 ** -11, 1 + 3 * 2 ** -11]));
  assert.equal([...half.read(new Float32Array(4))], [0.5, -(2 ** -24), 1, 1 + 2 ** -9]);
  const integers = new VectorBlock(4, 'int8', 1);
  integers.append(Float32Array.from([127, -127, 64, 0]));
  assert.equal([...integers.read(new Float32Array(4))], [127, -127, 64, 0]);
});

test('memory: so many bytes a value and no more, so that a million vectors of 1024 values stay below 8 GB', async () => {
  const [dimension, rows, batch] = [1024, 50_000, 5_000];
  const numbers = new RandomNumbers(2, 'memory');
  const data = new Float32Array(batch * dimension);
  for (let index = 0; index < data.length; index++) data[index] = numbers.uniform() - 0.5;
  const queries = { rows: 2, dimension, data: data.slice(0, 2 * dimension) };
  for (const storage of ['float16', 'int8'] as const) {
    const before = process.memoryUsage().arrayBuffers;
    let peak = 0;
    const innerProducts: InnerProducts = async (left, right) => {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers);
      return plainInnerProducts(left, right);
    };
    const index = new ExactIndex(dimension, { storage, innerProducts });
    for (let first = 0; first < rows; first += batch) {
      // Each batch is a little shorter than the one before it, so that one row alone is the best.
      for (let place = 0; place < data.length; place++) data[place]! *= 0.99;
      index.add(
        { rows: batch, dimension, data },
        Int32Array.from({ length: batch }, (_, row) => first + row),
      );
    }
    const found = await index.search(queries, 3, { compareTies: (left, right) => left - right });
    assert.equal(
      found.map((best) => best.map(({ item }) => item)),
      [
        [0, batch, 2 * batch],
        [1, batch + 1, 2 * batch + 1],
      ],
    );
    const perRow = (peak - before) / rows;
    process.stdout.write(
      `${storage}: ${perRow.toFixed(0)} bytes a row while it is searched, ${((perRow * 1e6) / 1e9).toFixed(2)} GB for a million\n`,
    );
    // The last of 13 blocks has room for 4096 rows, which is 6.5% more than there are; owner and number of a row are 4 bytes each, its scale 4; the block being read is 4096 x 1024 x 4 bytes
    // more, and 8 MB are what the first block, while it grew, has left to the garbage collector.
    assert.ok(peak - before <= 13 * 4096 * (dimension * BYTES[storage] + 12) + 4096 * dimension * 4 + 8e6);
    assert.ok(perRow * 1e6 < 8e9);
  }
});

test('what float16 and int8 lose of the best ten', async () => {
  const [dimension, rows, count] = [256, 4000, 50];
  const numbers = new RandomNumbers(3, 'recall');
  const unit = (vectors: number): Float32Array => {
    const data = Float32Array.from({ length: vectors * dimension }, () => numbers.normal());
    for (let row = 0; row < vectors; row++) {
      const values = data.subarray(row * dimension, (row + 1) * dimension);
      const norm = Math.hypot(...values);
      values.forEach((value, index) => {
        values[index] = value / norm;
      });
    }
    return data;
  };
  const vectors = { rows, dimension, data: unit(rows) };
  const queries = { rows: count, dimension, data: unit(count) };
  const found: Partial<Record<VectorStorage, number[][]>> = {};
  for (const storage of ['float32', 'float16', 'int8'] as const) {
    const index = new ExactIndex(dimension, { storage });
    index.add(
      vectors,
      Int32Array.from({ length: rows }, (_, row) => row),
    );
    const results = await index.search(queries, 10, { compareTies: (left, right) => left - right });
    found[storage] = results.map((best) => best.map(({ item }) => item));
  }
  const [half, integers] = [recallAgainst(found.float32!, found.float16!), recallAgainst(found.float32!, found.int8!)];
  process.stdout.write(`recall@10 against float32: float16 ${half}, int8 ${integers}\n`);
  // Vectors without any structure are the hardest case: their best ten lie within a few thousandths.
  assert.ok(half >= 0.99 && half <= 1);
  assert.ok(integers >= 0.95 && integers <= 1);
});

test('recall: the part of the exact results that is there, over all queries', () => {
  assert.is(recallAgainst([['a', 'b'], ['c']], [['b', 'x'], ['c']]), 2 / 3);
  assert.is(recallAgainst([[]], [['a']]), 1);
});

test.run();
