import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { VectorLog } from '../../../eval/index.ts';

const test = suite<{ folder: string; path: string }>('vector log');

const KEYS = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
const vectors = (rows: number, dimension: number, seconds: number) => ({
  rows,
  dimension,
  data: Float32Array.from({ length: rows * dimension }, (_, index) => index + seconds),
  seconds,
});

test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'cem-vector-log-'));
  context.path = join(context.folder, 'vectors.log');
});

test.after.each(async ({ folder }) => {
  await rm(folder, { recursive: true, force: true });
});

async function write(path: string): Promise<void> {
  const log = await VectorLog.open(path);
  await log.append([
    [KEYS[0]!, vectors(2, 3, 0.5)],
    [KEYS[1]!, vectors(0, 3, 0.25)],
  ]);
  await log.append([[KEYS[2]!, vectors(1, 4, 1.5)]]);
  await log.close();
}

test('what was appended is there again, bit for bit', async ({ path }) => {
  await write(path);
  const log = await VectorLog.open(path);
  assert.is(log.size, 3);
  assert.equal(await log.read(KEYS[0]!), vectors(2, 3, 0.5));
  assert.equal(await log.read(KEYS[1]!), vectors(0, 3, 0.25));
  assert.equal(await log.read(KEYS[2]!), vectors(1, 4, 1.5));
  assert.not.ok(log.has('d'.repeat(64)));
  await log.close();
});

test('a torn end is cut off, wherever it was torn, and appending goes on there', async ({ path }) => {
  await write(path);
  const whole = await readFile(path);
  // The last record: 48 bytes of header, 4 values, 4 bytes of checksum.
  const last = 48 + 4 * 4 + 4;
  for (let missing = 1; missing < last; missing++) {
    await writeFile(path, whole);
    await truncate(path, whole.length - missing);
    const log = await VectorLog.open(path);
    assert.is(log.size, 2, `${missing} bytes missing`);
    assert.is((await stat(path)).size, whole.length - last);
    await log.append([[KEYS[2]!, vectors(1, 4, 1.5)]]);
    await log.close();
    assert.equal(await readFile(path), whole);
  }
});

test('a changed record and rubbish behind the end are not read', async ({ path }) => {
  await write(path);
  const whole = await readFile(path);
  const changed = Buffer.from(whole);
  changed[changed.length - 10]! ^= 1;
  await writeFile(path, changed);
  let log = await VectorLog.open(path);
  assert.is(log.size, 2);
  await log.close();
  await writeFile(path, whole);
  await appendFile(path, Buffer.alloc(500, 0xff));
  log = await VectorLog.open(path);
  assert.is(log.size, 3);
  await log.close();
});

test('another file is refused and left as it was', async ({ path }) => {
  await writeFile(path, 'notes of mine');
  let code: unknown;
  try {
    await VectorLog.open(path);
  } catch (error) {
    code = (error as { code?: unknown }).code;
  }
  assert.is(code, 'VECTOR_LOG_FORMAT');
  assert.is(await readFile(path, 'utf8'), 'notes of mine');
});

test.run();
