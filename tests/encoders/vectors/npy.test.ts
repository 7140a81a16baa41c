import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NpyReader, NpyWriter } from '../../../encoders/index.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const golden = fileURLToPath(new URL('../../golden/npy/', import.meta.url));
const test = suite('.npy');

/** What tests/golden/npy/generate.py has numpy write; 6e-08 in 16 bits is 2^-24. */
const VALUES = [0, 1, -2, 0.5, 0.25, -0.125, 1024, 65504, 2 ** -24, -1.5, 3, -0];

async function readAll(path: string): Promise<{ rows: number; dimension: number; data: Float32Array }> {
  const reader = await NpyReader.open(path);
  try {
    return { rows: reader.rows, dimension: reader.dimension, data: await reader.read(0, reader.rows) };
  } finally {
    await reader.close();
  }
}

for (const name of ['f2', 'f4', 'f8', 'version-2']) {
  test(`what numpy wrote is read: ${name}`, async () => {
    const { rows, dimension, data } = await readAll(`${golden}${name}.npy`);
    assert.equal([rows, dimension], [3, 4]);
    assert.ok(data.every((value, index) => Object.is(value, VALUES[index]!)));
  });
}

test('a part of the rows', async () => {
  const reader = await NpyReader.open(`${golden}f2.npy`);
  assert.equal([...(await reader.read(1, 1))], VALUES.slice(4, 8));
  assert.equal([...(await reader.read(3, 0))], []);
  await reader.close();
});

for (const [name, precision] of [
  ['f2', 'float16'],
  ['f4', 'float32'],
] as const) {
  test(`what is written is what numpy writes, to the byte: ${precision}`, () =>
    withTemporaryFolder(async (folder) => {
      const path = join(folder, 'vectors.npy');
      const writer = await NpyWriter.create(path, 4, precision);
      await writer.append(Float32Array.from(VALUES.slice(0, 4)));
      await writer.append(Float32Array.from(VALUES.slice(4)));
      assert.is(writer.rows, 3);
      assert.equal((await readdir(folder)).includes('vectors.npy'), false);
      await writer.commit();
      assert.is(Buffer.compare(await readFile(path), await readFile(`${golden}${name}.npy`)), 0);
    }));
}

test('no rows', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'empty.npy');
    await (await NpyWriter.create(path, 4)).commit();
    assert.is(Buffer.compare(await readFile(path), await readFile(`${golden}empty.npy`)), 0);
    assert.is((await readAll(path)).rows, 0);
  }));

test('more rows than are read at once', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'many.npy');
    // 3 x 500,000 numbers are 6 MB, in pieces of 4 MiB.
    const data = Float32Array.from({ length: 1_500_000 }, (_, index) => index);
    const writer = await NpyWriter.create(path, 3);
    await writer.append(data);
    await writer.commit();
    assert.ok((await readAll(path)).data.every((value, index) => value === index));
  }));

test('given up: nothing is left', () =>
  withTemporaryFolder(async (folder) => {
    const writer = await NpyWriter.create(join(folder, 'vectors.npy'), 2);
    await writer.append(Float32Array.of(1, 2));
    await writer.abort();
    assert.equal(await readdir(folder), []);
  }));

const UNSUPPORTED = { 'big-endian': '>f4', integers: '<i4', 'one-axis': '(4,)', 'columns-first': 'fortran_order' };
for (const [name, words] of Object.entries(UNSUPPORTED)) {
  test(`refused: ${name}`, async () => {
    const error = await errorOf(() => NpyReader.open(`${golden}${name}.npy`));
    assert.is(error.code, 'NPY_UNSUPPORTED');
    assert.match(error.message, words);
  });
}

test('refused: what is no .npy file, or not a whole one', () =>
  withTemporaryFolder(async (folder) => {
    const whole = await readFile(`${golden}f4.npy`);
    const path = join(folder, 'bad.npy');
    const cases: readonly (readonly [code: string, bytes: Uint8Array])[] = [
      ['NPY_MALFORMED', new Uint8Array(0)],
      ['NPY_MALFORMED', Buffer.from('not a matrix at all')],
      ['NPY_MALFORMED', whole.subarray(0, 60)],
      ['NPY_MALFORMED', whole.subarray(0, whole.length - 1)],
      ['NPY_MALFORMED', Buffer.concat([whole, Buffer.from([0])])],
      ['NPY_MALFORMED', Buffer.from(whole).fill(0x20, 12, 128)],
      ['NPY_UNSUPPORTED', Buffer.from(whole).fill(9, 6, 7)],
    ];
    for (const [code, bytes] of cases) {
      await writeFile(path, bytes);
      assert.is((await errorOf(() => NpyReader.open(path))).code, code);
    }
    assert.is((await errorOf(() => NpyReader.open(join(folder, 'none.npy')))).code, 'FILE_OPEN');
  }));

test.run();
