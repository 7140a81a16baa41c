import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { StoredFile } from '../../../base/files/stored-file.ts';
import { CemError } from '../../../base/index.ts';

const test = suite('stored files');
let folder = '';
let path = '';
const BYTES = Uint8Array.from({ length: 100_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff);

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cem-stored-'));
});
test.after(async () => {
  await rm(folder, { recursive: true });
});
test.before.each(async () => {
  path = join(folder, 'file');
  await writeFile(path, BYTES);
});

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, CemError);
    return (error as CemError).code;
  }
  return 'none';
}

test('many reads at a time give their bytes, none included', async () => {
  const file = await StoredFile.open(path);
  assert.is(file.size, BYTES.length);
  const places = Array.from({ length: 500 }, (_, at) => [(at * 9973) % 90_000, (at * 37) % 10_000] as const);
  const read = await Promise.all(places.map(([position, length]) => file.read(position, length)));
  for (const [at, [position, length]] of places.entries())
    assert.equal(Buffer.from(read[at]!), Buffer.from(BYTES.subarray(position, position + length)));
  await file.close();
});

test('closing waits for reads that were begun and refuses later ones', async () => {
  const file = await StoredFile.open(path);
  const reads = Array.from({ length: 50 }, () => file.read(10, 1000));
  const closed = Promise.all([file.close(), file.close()]);
  assert.is(await codeOf(file.read(0, 1)), 'FILE_CLOSED');
  for (const read of reads) assert.equal(Buffer.from(await read), Buffer.from(BYTES.subarray(10, 1010)));
  await closed;
});

test('a file that became shorter, one that is none, and one that is a folder are refused', async () => {
  const file = await StoredFile.open(path);
  await truncate(path, 500);
  assert.is(await codeOf(file.read(400, 200)), 'ZPKG_TRUNCATED');
  assert.equal(Buffer.from(await file.read(400, 100)), Buffer.from(BYTES.subarray(400, 500)));
  await file.close();
  assert.is(await codeOf(StoredFile.open(join(folder, 'absent'))), 'FILE_OPEN');
  assert.is(await codeOf(StoredFile.open(folder)), 'FILE_OPEN');
});

test.run();
