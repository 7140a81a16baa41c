import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/random.ts';
import { codeBytes, queryTables } from '../../../search/codes/binary-code.ts';
import { MemoryCodes, memoryCodesBytes } from '../../../search/codes/memory-codes.ts';

const test = suite('codes in memory');

const randomCode = (numbers: RandomNumbers, dimension: number): Uint8Array =>
  Uint8Array.from({ length: codeBytes(dimension) }, () => numbers.integer(256));

const randomQuery = (numbers: RandomNumbers, dimension: number): Float32Array =>
  Float32Array.from({ length: dimension }, () => numbers.normal());

/** The oracle: every code's entries summed one by one, all of them sorted. */
function nearest(codes: ReadonlyMap<number, Uint8Array>, query: Float32Array, n: number, passes = (_: number) => true): number[] {
  const tables = queryTables(query);
  return [...codes]
    .filter(([key]) => passes(key))
    .map(([key, code]) => {
      let score = 0;
      code.forEach((byte, index) => {
        score += tables[32 * index + (byte >> 4)]! + tables[32 * index + 16 + (byte & 15)]!;
      });
      return { key, score };
    })
    .sort((left, right) => right.score - left.score || left.key - right.key)
    .slice(0, n)
    .map(({ key }) => key);
}

for (const dimension of [3, 8, 100, 384, 1024, 4096]) {
  test(`a scan of ${dimension} bits is the sort of all sums, of any number of rows`, () => {
    const numbers = new RandomNumbers(1, `scan ${dimension}`);
    const memory = new MemoryCodes(dimension);
    const codes = new Map<number, Uint8Array>();
    const query = randomQuery(numbers, dimension);
    assert.equal(memory.scan(query, 5), []);
    // Around a group of 32 rows and around what one call of the kernel takes, 8,192.
    for (const rows of [1, 15, 16, 17, 31, 32, 33, 100, ...(dimension <= 384 ? [8191, 8192, 8200] : [])]) {
      for (let key = 3 * codes.size; codes.size < rows; key += 3) {
        const code = randomCode(numbers, dimension);
        codes.set(key, code);
        memory.add(key, code);
      }
      for (const n of [1, 10, 300]) assert.equal(memory.scan(query, n), nearest(codes, query, n), `${rows} rows, ${n}`);
    }
    const passes = (key: number): boolean => key % 2 === 0;
    assert.equal(memory.scan(query, 20, passes), nearest(codes, query, 20, passes));
  });
}

test('sums do not run over: a code that has all of every half of a query of equal values, in the largest dimension', () => {
  const dimension = 16_000;
  const numbers = new RandomNumbers(1, 'largest');
  const memory = new MemoryCodes(dimension);
  const codes = new Map<number, Uint8Array>();
  const query = randomQuery(numbers, dimension);
  const tables = queryTables(query);
  const best = (half: number): number => {
    const entries = [...tables.subarray(16 * half, 16 * half + 16)];
    return entries.indexOf(Math.max(...entries));
  };
  const all = Uint8Array.from({ length: codeBytes(dimension) }, (_, index) => (best(2 * index) << 4) | best(2 * index + 1));
  for (const [key, code] of [all.map((byte) => 255 - byte), all, randomCode(numbers, dimension)].entries()) {
    codes.set(key, code);
    memory.add(key, code);
  }
  assert.equal(memory.scan(query, 3), [1, 2, 0]);
});

test('rows are added, replaced and removed, and every scan is of what is there', () => {
  const dimension = 40;
  const numbers = new RandomNumbers(1, 'changes');
  const memory = new MemoryCodes(dimension);
  const codes = new Map<number, Uint8Array>();
  let last = 0;
  for (let step = 0; step < 3000; step++) {
    const keys = [...codes.keys()];
    const some = keys[numbers.integer(keys.length + 1)] ?? -1;
    const code = randomCode(numbers, dimension);
    switch (numbers.integer(3)) {
      case 0:
        last += 1 + numbers.integer(3);
        codes.set(last, code);
        memory.add(last, code);
        assert.is(memory.lastKey, last);
        break;
      case 1:
        assert.is(memory.replace(some, code), codes.has(some));
        if (codes.has(some)) codes.set(some, code);
        break;
      default:
        // More is added than removed.
        if (numbers.integer(4) > 0) assert.is(memory.remove(some), codes.delete(some));
    }
    assert.is(memory.size, codes.size);
    if (step % 50 > 0) continue;
    const query = randomQuery(numbers, dimension);
    for (const n of [1, 7, 5000]) assert.equal(memory.scan(query, n), nearest(codes, query, n));
  }
  for (const key of codes.keys()) assert.ok(memory.remove(key));
  assert.equal(memory.scan(randomQuery(numbers, dimension), 5), []);
});

test('it takes what it says of memory, and a third more at most once it has many rows', () => {
  const memory = new MemoryCodes(384);
  const code = new Uint8Array(48).fill(1);
  for (let key = 0; key < 2 ** 16; key++) memory.add(key, code);
  assert.is(memoryCodesBytes(2 ** 16, 384), 2 ** 16 * 56);
  assert.ok(memory.bytes >= memoryCodesBytes(2 ** 16, 384) && memory.bytes < (4 / 3) * memoryCodesBytes(2 ** 16, 384));
});

test('the committed scan-codes.wasm is what its source compiles to', () => {
  if (!existsSync('node_modules/assemblyscript')) return console.log('skipped: assemblyscript is not installed');
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const folder = mkdtempSync(join(tmpdir(), 'cem-codes-'));
  try {
    const output = join(folder, 'scan-codes.wasm');
    const words = scripts['kernels:codes']!.split(' ').map((word) => (word === 'search/codes/scan-codes.wasm' ? output : word));
    execFileSync(process.execPath, ['node_modules/assemblyscript/bin/asc.js', ...words.slice(1)], { stdio: 'pipe' });
    assert.ok(readFileSync(output).equals(readFileSync('search/codes/scan-codes.wasm')), 'run `npm run kernels:codes`');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
