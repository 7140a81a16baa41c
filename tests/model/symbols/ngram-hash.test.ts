import { existsSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { HASH_PRIMES } from '../../../model/hash-primes.ts';
import { NgramHash } from '../../../model/symbols/ngram-hash.ts';

const test = suite('n-gram hash');

const SIZES = [3, 4, 5, 6, 7, 8];

/** The definition: sum of id_j * prime^j with j = 0 for the oldest id, in wrapping signed 64 bits, then floor modulo the rows. */
function definition(ids: ArrayLike<number>, position: number, size: number, prime: number, rows: number): number {
  let hash = 0n;
  for (let j = 0; j < size; j++) {
    const place = position - size + 1 + j;
    const id = place < 0 ? 0n : BigInt(ids[place]!);
    hash = BigInt.asIntN(64, hash + id * BigInt(prime) ** BigInt(j));
  }
  const modulus = BigInt(rows);
  return Number(((hash % modulus) + modulus) % modulus);
}

function randomIds(length: number, name: string): Uint16Array {
  const random = new RandomNumbers(1, name);
  return Uint16Array.from({ length }, () => 4 + random.integer(256));
}

for (const hashFunction of HASH_PRIMES.keys()) {
  test(`function ${hashFunction} equals its definition in BigInt arithmetic`, () => {
    // The kernel divides below 8192 rows and multiplies by a reciprocal from there on.
    for (const rows of [1, 7, 211, 8191, 8192, 8193, 50_000, 500_002, 2 ** 16, 2 ** 26 - 1, 2 ** 26]) {
      const ids = randomIds(120, `${hashFunction}/${rows}`);
      // The largest and the smallest ids: the extremes of every digit; then ids that no byte has.
      ids.fill(259, 20, 40).fill(4, 40, 60).fill(65_535, 60, 70);
      const output = new Int32Array(ids.length * SIZES.length).fill(-1);
      new NgramHash(SIZES, rows, hashFunction).hash(ids, 0, ids.length, output);
      for (let position = 0; position < ids.length; position++) {
        SIZES.forEach((size, column) => {
          assert.is(
            output[position * SIZES.length + column],
            definition(ids, position, size, HASH_PRIMES[hashFunction]!, rows),
            `rows ${rows}, position ${position}, size ${size}`,
          );
        });
      }
    }
  });
}

test('some of the sums are negative, so that floor modulo differs from the remainder', () => {
  const ids = randomIds(200, 'signs');
  let negative = 0;
  for (let position = 8; position < ids.length; position++) {
    let hash = 0n;
    for (let j = 0; j < 8; j++)
      hash = BigInt.asIntN(64, hash + BigInt(ids[position - 7 + j]!) * BigInt(HASH_PRIMES[0]!) ** BigInt(j));
    if (hash < 0n) negative++;
  }
  assert.ok(negative > 50 && negative < 150, `${negative} of 192`);
});

test('sizes that leave gaps, a part of the positions, and an offset in the output', () => {
  const ids = randomIds(50, 'gaps');
  const output = new Int32Array(5 + 10 * 2 + 3).fill(-1);
  new NgramHash([2, 16], 9973, 2).hash(ids, 30, 40, output, 5);
  for (let i = 0; i < 10; i++) {
    assert.is(output[5 + 2 * i], definition(ids, 30 + i, 2, HASH_PRIMES[2]!, 9973));
    assert.is(output[6 + 2 * i], definition(ids, 30 + i, 16, HASH_PRIMES[2]!, 9973));
  }
  assert.equal([...output.subarray(0, 5), ...output.subarray(25)], Array(8).fill(-1));
});

test('a million positions: floor modulo by the reciprocal equals 64-bit division at each of them', () => {
  const ids = randomIds(170_000, 'many');
  for (const [hashFunction, rows] of [
    [0, 8192],
    [6, 500_002],
    [3, 2 ** 26 - 5],
  ] as const) {
    const output = new Int32Array(ids.length * SIZES.length);
    new NgramHash(SIZES, rows, hashFunction).hash(ids, 0, ids.length, output);
    // Rolling form of the definition: h_n = oldest id + prime * h_(n-1).
    const [prime, modulus] = [BigInt(HASH_PRIMES[hashFunction]!), BigInt(rows)];
    for (let position = 8; position < ids.length; position++) {
      let hash = BigInt(ids[position]!);
      for (let size = 2; size <= 8; size++) {
        hash = BigInt.asIntN(64, hash * prime + BigInt(ids[position - size + 1]!));
        if (size < 3) continue;
        const row = Number(((hash % modulus) + modulus) % modulus);
        if (row !== output[position * SIZES.length + size - 3])
          assert.unreachable(
            `rows ${rows}, position ${position}, size ${size}: ${output[position * SIZES.length + size - 3]} for ${row}`,
          );
      }
    }
  }
});

test('positions in one call are those in many, across the borders of the pieces that the kernel is given', () => {
  const ids = randomIds(40_000, 'pieces');
  const hash = new NgramHash(SIZES, 50_000);
  const whole = new Int32Array(ids.length * SIZES.length);
  hash.hash(ids, 0, ids.length, whole);
  const parts = new Int32Array(whole.length);
  for (let from = 0; from < ids.length; from += 777)
    hash.hash([...ids], from, Math.min(ids.length, from + 777), parts, from * SIZES.length);
  assert.equal(parts, whole);
});

test('positions left of the text count as id 0', () => {
  const ids = randomIds(20, 'start');
  const padded = new Uint16Array(28);
  padded.set(ids, 8);
  const hash = new NgramHash(SIZES, 50_000);
  const alone = new Int32Array(20 * SIZES.length);
  const behindZeros = new Int32Array(20 * SIZES.length);
  hash.hash(ids, 0, 20, alone);
  hash.hash(padded, 8, 28, behindZeros);
  assert.equal(alone, behindZeros);
});

test('what cannot be hashed is refused', () => {
  assert.throws(() => new NgramHash([3], 10, HASH_PRIMES.length), /11 hash functions/);
  assert.throws(() => new NgramHash([3], 2 ** 26 + 1), /rows must be/);
  assert.throws(() => new NgramHash([3], 0), /rows must be/);
  assert.throws(() => new NgramHash([3, 34], 10), /at most 33/);
  for (const id of [-1, 65_536, 4.5])
    assert.throws(() => new NgramHash([3], 10).hash([5, id, 5], 0, 3, new Int32Array(3)), /an id must be an integer in 0..65535/);
  for (const sizes of [[], [1, 3], [3, 3], [4, 3], [2.5]]) assert.throws(() => new NgramHash(sizes, 10), /ascend/);
});

const CASE = new URL('../../../../shared/reference/blt/case-a/case.json', import.meta.url);

if (!existsSync(CASE)) {
  console.log('skipped: hash ids of the reference model (../shared/reference is not beside the checkout)');
} else {
  test('equals every hash id that the reference model of transformers computed', () => {
    const { config, input_ids, hash_ids, hash_ids_500002 } = JSON.parse(readFileSync(CASE, 'utf8')) as {
      config: { hashRows: number };
      input_ids: number[][];
      hash_ids: Record<string, number[][]>;
      hash_ids_500002: Record<string, number[][]>;
    };
    let compared = 0;
    for (const [rows, expected] of [
      [config.hashRows, hash_ids],
      [500_002, hash_ids_500002],
    ] as const) {
      for (const [key, batches] of Object.entries(expected)) {
        const [hashFunction, size] = key.split('/').map(Number) as [number, number];
        const hash = new NgramHash([size], rows, hashFunction);
        input_ids.forEach((ids, index) => {
          const output = new Int32Array(ids.length);
          hash.hash(ids, 0, ids.length, output);
          assert.equal([...output], batches[index], key);
          compared += output.length;
        });
      }
    }
    // (1 function with 211 rows + 2 with 500002) x 6 sizes x 3 sequences x 48 positions
    assert.is(compared, 3 * 6 * 3 * 48);
  });
}

test.run();
